import OpenCL

/// A built kernel of stages, with the arguments that it was given last.
final class StagedKernel {
  let layout: StagesLayout
  private var kernel: Kernel
  private var given: [KernelValue] = []

  init(_ kernel: consuming Kernel, _ layout: StagesLayout) {
    self.kernel = kernel
    self.layout = layout
  }

  /// Sets those arguments that differ from the last ones, and queues the kernel.
  ///
  /// - Parameter groups: work-groups.
  func launch(_ arguments: [KernelValue], groups: Int, on queue: borrowing Queue) throws(OpenCLError) {
    let isFirst = given.isEmpty
    for (index, argument) in arguments.enumerated() where isFirst || !argument.isSame(as: given[index]) {
      try argument.set(&kernel, index)
    }
    given = arguments
    try queue.launch(kernel, global: Extent(groups), local: Extent(1))
  }
}
