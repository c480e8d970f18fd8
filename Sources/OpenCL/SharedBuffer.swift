import COpenCL

/// Device memory that the host reads and writes at any time, where both share memory: fine-grained shared virtual memory
/// under a buffer (OpenCL 2.0, section 5.6).
///
/// Nothing is copied or mapped. The host must not touch bytes that a running kernel uses, and every command that uses the
/// buffer must be complete before it goes.
package struct SharedBuffer: ~Copyable, @unchecked Sendable {
  private let handle: Handle
  /// Valid while this value lives.
  package let bytes: UnsafeMutableRawBufferPointer
  private let label: String

  /// - Throws: `CL_INVALID_OPERATION` for a device without such memory, `CL_MEM_OBJECT_ALLOCATION_FAILURE` if there is
  ///   not as much.
  package init(_ context: borrowing Context, byteCount: Int, label: String) throws(OpenCLError) {
    let device = context.device
    let text = "buffer “\(label)” of \(byteCount) bytes on device “\(device.name)”"
    guard device.sharesFineGrainedMemory else {
      throw OpenCLError(
        code: CL_INVALID_OPERATION, call: "clSVMAlloc", context: "\(text): host and device share no memory")
    }
    let raw = context.handle.raw
    let size = max(byteCount, 4)
    guard byteCount >= 0, device.maxAllocation == 0 || size <= device.maxAllocation else {
      throw OpenCLError(code: CL_INVALID_BUFFER_SIZE, call: "clSVMAlloc", context: text)
    }
    try context.ledger.admit(byteCount: size, for: text, call: "clSVMAlloc")
    let flags = cl_svm_mem_flags(CL_MEM_READ_WRITE) | cl_svm_mem_flags(CL_MEM_SVM_FINE_GRAIN_BUFFER)
    let start = try created(
      "clSVMAlloc", "\(text); \(context.ledger.liveBytes) bytes are in use",
      { status in
        let start = clSVMAlloc(raw, flags, size, 0)
        if start == nil { status.pointee = CL_MEM_OBJECT_ALLOCATION_FAILURE }
        return start
      })
    let memory: cl_mem
    do {
      memory = try created(
        "clCreateBuffer", text,
        { clCreateBuffer(raw, cl_mem_flags(CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR), size, start, $0) })
    } catch {
      clSVMFree(raw, start)
      throw error
    }
    nonisolated(unsafe) let (owner, owned) = (raw, start)
    handle = Handle(
      memory, ledger: context.ledger, byteCount: size,
      release: {
        defer { clSVMFree(owner, owned) }
        return clReleaseMemObject($0)
      })
    bytes = UnsafeMutableRawBufferPointer(start: start, count: byteCount)
    HugePages.advise(bytes)
    self.label = label
  }

  package var view: BufferView { BufferView(raw: handle.raw, byteCount: bytes.count, label: label) }
}
