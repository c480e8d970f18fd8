import OpenCL

/// A built kernel of stages.
final class StagedKernel {
  /// What its program has.
  let functions: [KernelKey]
  private var kernel: Kernel
  private let progress: DeviceBuffer
  /// Buffers that it takes.
  private let bufferCount: Int

  init(_ kernel: consuming Kernel, functions: [KernelKey], progress: DeviceBuffer, bufferCount: Int) {
    self.kernel = kernel
    self.functions = functions
    self.progress = progress
    self.bufferCount = bufferCount
  }

  /// Queues the stages of a table.
  ///
  /// Every argument is set anew: a driver may hold on to what it was given last, and that buffer may be gone, and another
  /// one be where it was.
  ///
  /// - Parameters:
  ///   - units: work-groups that run at a time.
  ///   - groups: work-groups.
  func launch(
    _ table: BufferView, stages: Int, _ buffers: [KernelValue.RawBuffer], units: Int, groups: Int,
    on queue: borrowing Queue
  ) throws(OpenCLError) {
    try progress.view.set(&kernel, 0)
    try table.set(&kernel, 1)
    try Int32(stages).set(&kernel, 2)
    try Int32(units).set(&kernel, 3)
    for index in 0..<bufferCount {
      let buffer = index < buffers.count ? buffers[index] : progress.view.object
      try buffer.set(&kernel, 4 + index)
    }
    try queue.launch(kernel, global: Extent(groups), local: Extent(1))
  }
}
