import COpenCL

/// Refers to a `Buffer` without owning it: what kernels and queues take, since arguments have to be copyable.
///
/// The buffer has to outlive the enqueueing of every command that uses the view.
///
/// `@unchecked Sendable`: a memory object may be used from any thread.
package struct BufferView: @unchecked Sendable {
  let raw: cl_mem
  package let byteCount: Int
  package let label: String

  /// The memory alone.
  package var object: KernelValue.RawBuffer { KernelValue.RawBuffer(raw: raw) }

  /// Refuses a range that is not inside the buffer; the message is built only then.
  func requireRange(_ offset: Int, _ count: Int, _ call: StaticString) throws(OpenCLError) {
    guard offset >= 0, count >= 0, offset <= byteCount, count <= byteCount - offset else {
      throw OpenCLError(
        code: CL_INVALID_VALUE, call: "\(call)",
        context: "\(count) bytes at offset \(offset) are not inside buffer “\(label)” of \(byteCount) bytes")
    }
  }

  /// Mappings that are not undone yet, for tests: a forgotten one shows in nothing else where memory is shared.
  package func mapCount() throws(OpenCLError) -> Int {
    var count: cl_uint = 0
    try check(
      clGetMemObjectInfo(raw, cl_mem_info(CL_MEM_MAP_COUNT), MemoryLayout<cl_uint>.size, &count, nil),
      "clGetMemObjectInfo", "CL_MEM_MAP_COUNT of buffer “\(label)”")
    return Int(count)
  }

  func bytes(_ count: Int, at offset: Int) -> String {
    "\(count) bytes at offset \(offset) of buffer “\(label)” of \(byteCount) bytes"
  }
}
