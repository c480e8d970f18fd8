import COpenCL

/// Owns device memory that kernels read and write.
///
/// It may go while commands that use it are still queued: the driver frees it after them.
package struct Buffer: ~Copyable, @unchecked Sendable {
  private let handle: Handle
  package let byteCount: Int
  /// What it holds, for errors.
  package let label: String

  /// Allocates; the contents are undefined. With `byteCount` 0 it is a valid kernel argument without bytes to touch.
  ///
  /// Many drivers reserve memory at the first use only, so that the failure comes from a later call.
  package init(_ context: borrowing Context, byteCount: Int, label: String) throws(OpenCLError) {
    try self.init(context, byteCount: byteCount, contents: nil, label: label)
  }

  /// Allocates, with a copy of `bytes` made before this returns. For small inputs: no command is queued.
  package init(_ context: borrowing Context, copying bytes: UnsafeRawBufferPointer, label: String) throws(OpenCLError) {
    try self.init(context, byteCount: bytes.count, contents: bytes.baseAddress, label: label)
  }

  private init(
    _ context: borrowing Context, byteCount: Int, contents: UnsafeRawPointer?, label: String
  ) throws(OpenCLError) {
    let device = context.device
    let limit = device.maxAllocation
    guard byteCount >= 0, limit == 0 || byteCount <= limit else {
      let reason =
        byteCount < 0
        ? "a size must not be negative"
        : "device “\(device.name)” allows \(limit) bytes in one buffer (CL_DEVICE_MAX_MEM_ALLOC_SIZE)"
      throw OpenCLError(
        code: CL_INVALID_BUFFER_SIZE, call: "clCreateBuffer",
        context: "buffer “\(label)” of \(byteCount) bytes: \(reason)")
    }
    // OpenCL has no empty buffers.
    let allocated = max(byteCount, Buffer.minimumByteCount)
    let contents = byteCount > 0 ? contents : nil
    let purpose = "buffer “\(label)” of \(byteCount) bytes on device “\(device.name)”"
    try context.ledger.admit(byteCount: allocated, for: purpose, call: "clCreateBuffer")
    let piece =
      contents == nil && device.kind == .cpu && allocated >= HugePages.smallest
      ? HugePages.piece(byteCount: allocated) : nil
    // Read only, whatever the C type says.
    let source = piece?.start ?? contents.map { UnsafeMutableRawPointer(mutating: $0) }
    let use = piece != nil ? CL_MEM_USE_HOST_PTR : contents != nil ? CL_MEM_COPY_HOST_PTR : 0
    let raw = try created(
      "clCreateBuffer", "\(purpose); \(context.ledger.liveBytes) bytes are in use",
      { [raw = context.handle.raw] in
        // With contents the size is theirs: the driver reads so many bytes.
        clCreateBuffer(
          raw, cl_mem_flags(CL_MEM_READ_WRITE | use), contents == nil ? allocated : byteCount, source, $0)
      })
    let made = Handle(raw, ledger: context.ledger, byteCount: allocated, release: { clReleaseMemObject($0) })
    if let piece { try Self.keep(piece, for: raw, purpose) }
    handle = made
    self.byteCount = byteCount
    self.label = label
  }

  /// A copyable reference for kernels and queues; must not be used after this buffer is gone.
  package var view: BufferView { BufferView(raw: handle.raw, byteCount: byteCount, label: label) }

  private static let minimumByteCount = 4

  /// The driver lets a piece go when no command uses it any more.
  private static func keep(_ piece: HugePages.Piece, for buffer: cl_mem, _ purpose: String) throws(OpenCLError) {
    let owned = Unmanaged.passRetained(piece)
    do {
      try check(
        clSetMemObjectDestructorCallback(
          buffer, { _, piece in piece.map { Unmanaged<HugePages.Piece>.fromOpaque($0).release() } }, owned.toOpaque()),
        "clSetMemObjectDestructorCallback", purpose)
    } catch {
      owned.release()
      throw error
    }
  }
}
