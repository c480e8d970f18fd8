import Backend
import OpenCL

/// Several launches as the stages of one (`Kernels/Common/stages.clh`): between launches a driver lets threads sleep and wakes
/// them, which takes longer than many of a decoding layer's kernels do.
final class Stages {
  /// Launches wait here while it is not nil.
  var collected: CollectedLaunches?
  private var kernels: [StagedKernel] = []
  private let progress: DeviceBuffer
  private let units: Int
  private let maxParameterBytes: Int
  private static let mostStages = 64
  /// 32-bit words of a counter's cache line.
  private static let line = 16
  /// Drivers hand out several groups at once to the first thread that asks.
  private static let groupsPerUnit = 4

  init(progress: DeviceBuffer, units: Int, maxParameterBytes: Int) {
    self.progress = progress
    self.units = units
    self.maxParameterBytes = maxParameterBytes
  }

  /// Zeros for the counters of a launch.
  static var counters: [Int32] { [Int32](repeating: 0, count: (2 * mostStages + 1) * line) }

  /// Queues all that was collected, as one launch if it can be one, else one by one.
  ///
  /// - Parameters:
  ///   - build: makes the kernel of a layout that was not seen before.
  ///   - single: queues one launch.
  func launch(
    on queue: borrowing Queue, build: (StagesLayout) throws -> StagedKernel,
    single: (CollectedLaunches.Stage, ArraySlice<KernelValue>) throws -> Void
  ) throws {
    guard let launches = collected, !launches.isEmpty else { return }
    collected?.removeAll()
    var buffers: [BufferView] = []
    let layout = StagesLayout(launches, buffers: &buffers)
    guard launches.stages.count > 1, launches.stages.count <= Self.mostStages,
      layout.parameterBytes <= maxParameterBytes
    else {
      for stage in launches.stages { try single(stage, launches.arguments[stage.arguments]) }
      return
    }
    let kernel: StagedKernel
    if let known = kernels.first(where: { $0.layout == layout }) {
      kernel = known
    } else {
      kernel = try build(layout)
      kernels.append(kernel)
    }
    var arguments: [KernelValue] = [.buffer(progress.view), .int(Int32(units))]
    arguments.reserveCapacity(2 + buffers.count + launches.arguments.count)
    arguments += buffers.lazy.map { .buffer($0) }
    for stage in launches.stages { arguments += [.int(Int32(stage.items)), .int(Int32(stage.width))] }
    for argument in launches.arguments {
      if case .buffer = argument { continue }
      arguments.append(argument)
    }
    try kernel.launch(arguments, groups: units * Self.groupsPerUnit, on: queue)
  }
}
