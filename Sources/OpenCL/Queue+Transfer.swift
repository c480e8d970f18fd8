import COpenCL

extension Queue {
  /// Copies host memory into a buffer, and returns when the host memory may be used again.
  package func write(
    _ bytes: UnsafeRawBufferPointer, to view: BufferView, at byteOffset: Int = 0
  ) throws(OpenCLError) {
    try view.requireRange(byteOffset, bytes.count, "clEnqueueWriteBuffer")
    guard let start = bytes.baseAddress, bytes.count > 0 else { return }
    try check(
      clEnqueueWriteBuffer(
        handle.raw, view.raw, cl_bool(CL_TRUE), byteOffset, bytes.count, start, 0, nil, nil),
      "clEnqueueWriteBuffer", view.bytes(bytes.count, at: byteOffset))
  }

  /// Copies a part of a buffer into host memory, after everything that was queued before.
  package func read(
    _ view: BufferView, at byteOffset: Int = 0, into bytes: UnsafeMutableRawBufferPointer
  ) throws(OpenCLError) {
    try view.requireRange(byteOffset, bytes.count, "clEnqueueReadBuffer")
    guard let start = bytes.baseAddress, bytes.count > 0 else { return }
    try check(
      clEnqueueReadBuffer(
        handle.raw, view.raw, cl_bool(CL_TRUE), byteOffset, bytes.count, start, 0, nil, nil),
      "clEnqueueReadBuffer", view.bytes(bytes.count, at: byteOffset))
  }

  /// Queues a copy on the device; the ranges must not overlap. Zero bytes: nothing.
  package func copy(
    _ source: BufferView, at sourceOffset: Int, to target: BufferView, at targetOffset: Int, byteCount: Int
  ) throws(OpenCLError) {
    try source.requireRange(sourceOffset, byteCount, "clEnqueueCopyBuffer")
    try target.requireRange(targetOffset, byteCount, "clEnqueueCopyBuffer")
    if byteCount == 0 { return }
    try check(
      clEnqueueCopyBuffer(
        handle.raw, source.raw, target.raw, sourceOffset, targetOffset, byteCount, 0, nil, nil),
      "clEnqueueCopyBuffer",
      "\(source.bytes(byteCount, at: sourceOffset)), to offset \(targetOffset) of buffer “\(target.label)”")
  }

  /// Queues filling a part of a buffer with a repeated 32-bit word. Zero bytes: nothing.
  ///
  /// - Parameters:
  ///   - byteOffset: a multiple of 4.
  ///   - byteCount: a multiple of 4.
  package func fill(
    _ view: BufferView, with pattern: UInt32, at byteOffset: Int = 0, byteCount: Int
  ) throws(OpenCLError) {
    try view.requireRange(byteOffset, byteCount, "clEnqueueFillBuffer")
    let width = MemoryLayout<UInt32>.size
    guard byteOffset.isMultiple(of: width), byteCount.isMultiple(of: width) else {
      throw OpenCLError(
        code: CL_INVALID_VALUE, call: "clEnqueueFillBuffer",
        context: "\(view.bytes(byteCount, at: byteOffset)): offset and count must be multiples of \(width)")
    }
    if byteCount == 0 { return }
    var pattern = pattern
    try check(
      clEnqueueFillBuffer(handle.raw, view.raw, &pattern, width, byteOffset, byteCount, 0, nil, nil),
      "clEnqueueFillBuffer", view.bytes(byteCount, at: byteOffset))
  }

  /// Lets `body` read or write a part of a buffer in place, after everything that was queued before; cheap where host and device
  /// share memory. What `body` does not write keeps its value.
  ///
  /// - Throws: what `body` throws, after unmapping; else an error of mapping or unmapping.
  package func withMapped<R>(
    _ view: BufferView, at byteOffset: Int = 0, byteCount: Int, for access: MapAccess = .write,
    _ body: (UnsafeMutableRawBufferPointer) throws -> R
  ) throws -> R {
    try view.requireRange(byteOffset, byteCount, "clEnqueueMapBuffer")
    if byteCount == 0 { return try body(UnsafeMutableRawBufferPointer(start: nil, count: 0)) }
    let text = { view.bytes(byteCount, at: byteOffset) }
    let start = try created(
      "clEnqueueMapBuffer", text(),
      {
        clEnqueueMapBuffer(
          handle.raw, view.raw, cl_bool(CL_TRUE), access.flags, byteOffset, byteCount, 0, nil, nil, $0)
      })
    let result: R
    do {
      result = try body(UnsafeMutableRawBufferPointer(start: start, count: byteCount))
    } catch {
      try? check(clEnqueueUnmapMemObject(handle.raw, view.raw, start, 0, nil, nil), "clEnqueueUnmapMemObject", text())
      throw error
    }
    try check(clEnqueueUnmapMemObject(handle.raw, view.raw, start, 0, nil, nil), "clEnqueueUnmapMemObject", text())
    return result
  }
}
