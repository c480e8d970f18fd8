import COpenCL

/// Host memory that the device's copy engine reads directly: a buffer that the driver allocated in host memory
/// (`CL_MEM_ALLOC_HOST_PTR`), mapped for as long as it lives. Copies from and to it run at the link's full speed.
package final class PinnedMemory: @unchecked Sendable {
  private let handle: Handle
  private let queue: Queue
  package let bytes: UnsafeMutableRawBufferPointer

  /// - Throws: if the driver has no such memory left; the error carries the size and `label`.
  package init(_ context: borrowing Context, byteCount: Int, label: String) throws(OpenCLError) {
    let text = "pinned host memory “\(label)” of \(byteCount) bytes"
    let size = max(byteCount, 4)
    let raw = context.handle.raw
    let memory = try created(
      "clCreateBuffer", text,
      { clCreateBuffer(raw, cl_mem_flags(CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR), size, nil, $0) })
    // Not device memory, so not counted as such.
    handle = Handle(memory, ledger: context.ledger, release: { clReleaseMemObject($0) })
    let mapping = try Queue(context)
    let start = try created(
      "clEnqueueMapBuffer", text,
      {
        clEnqueueMapBuffer(
          mapping.handle.raw, memory, cl_bool(CL_TRUE), cl_map_flags(CL_MAP_READ | CL_MAP_WRITE), 0, size, 0, nil, nil,
          $0)
      })
    bytes = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    queue = mapping
  }

  deinit {
    // A failure could not be answered by anybody.
    try? check(
      clEnqueueUnmapMemObject(queue.handle.raw, handle.raw, bytes.baseAddress, 0, nil, nil),
      "clEnqueueUnmapMemObject", "pinned host memory")
    try? queue.finish()
  }
}
