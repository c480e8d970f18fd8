import Backend
import OpenCL

/// Several launches as the stages of one (`Kernels/Common/stages.clh`): between launches a driver lets threads sleep and wakes
/// them, which takes longer than many of a decoding layer's kernels do.
final class Stages {
  /// What makes the buffers and kernels that stages need.
  struct Maker {
    /// A buffer with a copy of integers.
    let buffer: ([Int32]) throws -> DeviceBuffer
    let kernel: (StagesSource) throws -> Kernel
  }

  /// Launches go to the table while this is so.
  private(set) var isCollecting = false
  private var table = StageTable()
  private var kernels: [StagedKernel] = []
  /// Tables on the device, the oldest first.
  private var known: [(words: [Int32], buffer: DeviceBuffer)] = []
  /// Zeros for the counters; made when they are first needed.
  private var progress: DeviceBuffer?
  private let maker: Maker
  private let units: Int
  private let bufferCount: Int
  /// Launches since collecting began, and whether they are all that was queued.
  private(set) var launches: [StagedLaunch] = []
  private(set) var isAll = true

  private static let mostStages = 128
  /// Stages of the first launch, so that the device has something to do while the others are collected.
  private static let firstStages = 8
  /// Parameters of a kernel at most.
  private static let mostParameters = 24
  private static let mostBuffers = 120
  private static let mostTables = 16
  /// 32-bit words of a table.
  private static let mostWords = 2048
  /// 32-bit words of a counter's cache line.
  static let progressLine = 16
  /// Bytes of a launch's arguments that are no buffers of stages: counters, table, two numbers.
  private static let headBytes = 24
  /// Drivers hand out several groups at once to the first thread that asks.
  private static let groupsPerUnit = 4

  init(_ plan: DevicePlan, _ maker: Maker) {
    self.maker = maker
    units = plan.units
    bufferCount = Self.buffers(plan)
  }

  /// How many buffers a launch can have besides its other arguments.
  private static func buffers(_ plan: DevicePlan) -> Int { min(mostBuffers, (plan.parameterBytes - headBytes) / 8) }

  /// 32-bit words of the counters.
  private static let counterWords = (2 * mostStages + 1) * progressLine

  /// Bytes of the counters and tables, at most.
  static func byteCount(_ plan: DevicePlan) -> Int {
    guard serve(plan) else { return 0 }
    return 4 * (counterWords + mostTables * mostWords)
  }

  /// Whether a device that is used so joins launches.
  static func serve(_ plan: DevicePlan) -> Bool { plan.joinsLaunches && buffers(plan) > mostParameters }

  /// Runs `body`, whose launches are collected.
  func collecting(_ body: () throws -> Void) rethrows {
    (isCollecting, launches, isAll) = (true, [], true)
    defer {
      isCollecting = false
      table.removeAll()
    }
    try body()
  }

  /// Runs `body` with launches that are not collected.
  func pausing<Result>(_ body: () throws -> Result) rethrows -> Result {
    (isCollecting, isAll) = (false, false)
    defer { isCollecting = true }
    return try body()
  }

  /// Whether there is no room for another launch.
  var isFull: Bool {
    table.count >= Self.mostStages || table.words.count + StageTable.headWords + Self.mostParameters > Self.mostWords
      || table.buffers.count + Self.mostParameters > bufferCount
      || launches.isEmpty && table.count >= Self.firstStages && kernels.contains { table.uses(only: $0.functions) }
  }

  func add<each Argument: KernelArgument>(_ key: KernelKey, _ shape: LaunchShape, _ arguments: repeat each Argument) {
    table.start(key, shape)
    for argument in repeat each arguments { table.append(argument.kernelValue) }
  }

  /// Queues what was collected.
  func launch(on queue: borrowing Queue) throws {
    guard table.count > 0 else { return }
    defer { table.removeAll() }
    let kernel = try kernel()
    // Functions are numbered by the table; in a kernel that has others, too, they may have other numbers.
    let buffer = try buffer(table.words(numberedAs: kernel.functions))
    let launch = StagedLaunch(kernel: kernel, table: buffer, stages: table.count, buffers: table.buffers)
    try self.launch(launch, on: queue)
    launches.append(launch)
  }

  func launch(_ launch: StagedLaunch, on queue: borrowing Queue) throws {
    try launch.kernel.launch(
      launch.table.view, stages: launch.stages, launch.buffers, units: units, groups: units * Self.groupsPerUnit,
      on: queue)
  }

  /// One that has all functions of the table. Where one has to be built, the table has all stages that a launch can have, and
  /// with them nearly all functions of a model for so many rows.
  private func kernel() throws -> StagedKernel {
    if let known = kernels.first(where: { table.uses(only: $0.functions) }) { return known }
    let source = StagesSource(functions: table.functions, bufferCount: bufferCount)
    let progress = try progress ?? maker.buffer([Int32](repeating: 0, count: Self.counterWords))
    self.progress = progress
    let made = StagedKernel(
      try maker.kernel(source), functions: table.functions.map(\.key), progress: progress, bufferCount: bufferCount)
    kernels.append(made)
    return made
  }

  private func buffer(_ words: [Int32]) throws -> DeviceBuffer {
    if let index = known.firstIndex(where: { $0.words == words }) { return known[index].buffer }
    if known.count == Self.mostTables { known.removeFirst() }
    let buffer = try maker.buffer(words)
    known.append((words, buffer))
    return buffer
  }
}
