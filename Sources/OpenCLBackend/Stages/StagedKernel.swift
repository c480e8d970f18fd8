import OpenCL

/// A built kernel of stages, with the buffers that it was given last.
final class StagedKernel {
  let functions: [KernelKey]
  private var kernel: Kernel
  private var given: [KernelValue.RawBuffer]
  /// Stands where a launch has no buffer: one that it had last may be gone.
  private let filler: KernelValue.RawBuffer

  /// Arguments before the buffers.
  private static let head = 4

  /// - Parameters:
  ///   - functions: what its program has.
  ///   - progress: zeros for the counters.
  ///   - groups: work-groups that run at a time.
  ///   - bufferCount: buffers that it takes.
  init(
    _ kernel: consuming Kernel, functions: [KernelKey], progress: BufferView, groups: Int, bufferCount: Int
  ) throws(OpenCLError) {
    self.functions = functions
    try progress.set(&kernel, 0)
    try Int32(groups).set(&kernel, 3)
    let filler = progress.object
    for index in 0..<bufferCount { try filler.set(&kernel, Self.head + index) }
    given = Array(repeating: filler, count: bufferCount)
    self.filler = filler
    self.kernel = kernel
  }

  /// Queues the stages of a table.
  ///
  /// - Parameter groups: work-groups.
  func launch(
    _ table: BufferView, stages: Int, _ buffers: [KernelValue.RawBuffer], groups: Int, on queue: borrowing Queue
  ) throws(OpenCLError) {
    try table.set(&kernel, 1)
    try Int32(stages).set(&kernel, 2)
    for index in given.indices {
      let buffer = index < buffers.count ? buffers[index] : filler
      if buffer == given[index] { continue }
      try buffer.set(&kernel, Self.head + index)
      given[index] = buffer
    }
    try queue.launch(kernel, global: Extent(groups), local: Extent(1))
  }
}
