package import Backend
package import OpenCL

/// The ops as kernels on one OpenCL device, queued in order.
///
/// Each op family is one file in `Ops/`; which kernels and layouts are used is the `DevicePlan`'s. Not thread-safe: one
/// task owns it.
package final class OpenCLBackend: Backend {
  package let device: Device
  package private(set) var plan: DevicePlan
  let shared: DeviceContext
  private let queue: Queue
  let kernels: KernelTable
  /// Nil where every launch is one of its own.
  private let stages: Stages?
  /// The last pass that may come again.
  private var recording: Recording?
  /// Launches, other commands but for reads, and buffers that ops use, so far.
  private var queued = 0
  /// Times every launch; nil unless the backend was made for profiling.
  package let recorder: LaunchRecorder?
  /// The last op, if it waits for the next one.
  var awaited: Combining?
  /// Of the model that was loaded last.
  var store: ExpertStore?
  let expertMemory: ExpertMemory
  /// What attention on matrix units keeps between its parts; grows when more is wanted.
  var partialScratch: DeviceBuffer?
  var arrivalScratch: DeviceBuffer?

  /// - Parameters:
  ///   - plan: how the device is used; what its properties suggest unless given.
  ///   - cache: where built programs are kept.
  ///   - experts: where experts may lie.
  ///   - profiling: whether launches are timed, by `recorder`.
  ///   - kernels: texts of files below `Kernels/`, by path, that stand in for those of `KernelLibrary`.
  /// - Throws: `OpenCLError` if the device gives no context or queue.
  package init(
    _ device: Device, plan: DevicePlan? = nil, cache: ProgramCache = ProgramCache(),
    experts: ExpertMemory = ExpertMemory(), profiling: Bool = false, kernels replacements: [String: String] = [:]
  ) throws {
    shared = DeviceContext(try Context(device))
    self.device = device
    self.plan = plan ?? .tuned(device)
    kernels = KernelTable(plan: self.plan, cache: cache, replacements: replacements)
    queue = try Queue(shared.context, profiling: profiling)
    recorder = profiling ? LaunchRecorder() : nil
    expertMemory = experts
    let maker = Stages.Maker(
      buffer: { [shared] words in
        try words.withUnsafeBytes { DeviceBuffer(try Buffer(shared.context, copying: $0, label: "stages")) }
      },
      kernel: { [kernels, shared] in try kernels.stages($0, context: shared.context) })
    stages = Stages.serve(self.plan) && !profiling ? Stages(self.plan, maker) : nil
  }

  deinit {
    // Memory that is shared with the host must not go while a kernel uses it.
    try? queue.finish()
  }

  package var name: String { device.name }

  /// Cuts products in another way from now on; what makes routings has to be made anew.
  package func retune(_ tuning: Tuning) {
    plan.tuning = tuning
    recording = nil
  }

  package var activations: ActivationPrecision { plan.usedActivations }

  /// What is alive in this backend's context, and the limit of its bytes. It may be asked when the backend is gone.
  package var allocations: AllocationLedger { shared.context.ledger }

  /// Calls `body` with the path of each kernel's source before it is built or loaded.
  package func beforeBuilding(_ body: @escaping @Sendable (String) -> Void) { kernels.willBuild = body }

  package var allocatedBytes: (live: Int, peak: Int)? {
    (allocations.liveBytes, allocations.peakBytes)
  }

  // MARK: Memory

  func makeBuffer(byteCount: Int, label: String) throws -> DeviceBuffer {
    queued += 1
    try check(byteCount, label)
    return DeviceBuffer(try Buffer(shared.context, byteCount: byteCount, label: label))
  }

  /// A buffer with a copy of `values`.
  func makeBuffer<T: BitwiseCopyable>(_ values: [T], label: String) throws -> DeviceBuffer {
    queued += 1
    return try makeBatchBuffer(values, label: label)
  }

  /// As `makeBuffer`, of a batch's values, which change from pass to pass.
  func makeBatchBuffer<T: BitwiseCopyable>(_ values: [T], label: String) throws -> DeviceBuffer {
    try check(values.count * MemoryLayout<T>.stride, label)
    return try values.withUnsafeBytes { try DeviceBuffer(Buffer(shared.context, copying: $0, label: label)) }
  }

  private func check(_ byteCount: Int, _ label: String) throws(BackendError) {
    guard byteCount <= plan.maxAllocation else {
      throw BackendError(
        "\(label): \(byteCount) bytes are more than the \(plan.maxAllocation) of the device's largest buffer")
    }
  }

  package func makeActivation(rows: Int, columns: Int, label: String) throws -> Activation {
    Activation(rows: rows, columns: columns, buffer: try makeBuffer(byteCount: rows * columns * 4, label: label))
  }

  package func makeKVCache(_ shape: KVCacheShape, label: String) throws -> KVCache {
    guard shape.blockSize == Self.blockSize else {
      throw BackendError("\(label): a KV block has \(shape.blockSize) positions, expected \(Self.blockSize)")
    }
    if MatrixAttention.serves(shape, plan) { return try makePiecesCache(shape, label: label) }
    let bytes = shape.elementCount * 4
    let keys = try makeBuffer(byteCount: bytes, label: "\(label) (keys)")
    return KVCache(
      shape: shape, keys: keys,
      values: shape.hasValues ? try makeBuffer(byteCount: bytes, label: "\(label) (values)") : keys)
  }

  /// Positions of a KV block in all kernels (`Kernels/Attention/layout.clh`).
  package static var blockSize: Int { 16 }

  /// Of numbers of rows that decode together, the least of each kind that has programs of its own: a few and more
  /// (`LaunchShape.routesTogether`).
  package static var decodingBatches: [Int] { [1, LaunchShape.fewRows.upperBound + 1] }

  package func makeRouting(rows: Int, experts: Int, chosen: Int, layers: Int, label: String) throws -> Routing {
    let slots = rows * chosen
    return Routing(
      rows: rows, experts: experts, chosen: chosen, layers: layers,
      indices: try makeBuffer(byteCount: slots * 4, label: "\(label) (chosen)"),
      weights: try makeBuffer(byteCount: slots * 4, label: "\(label) (weights)"),
      slots: try makeBuffer(byteCount: slots * 4, label: "\(label) (slots)"),
      tiles: try makeBuffer(
        byteCount: max(1, LaunchShape.mostEntries(slots: slots, experts: experts, plan)) * 16,
        label: "\(label) (tiles)"),
      loads: try makeBuffer([Int32](repeating: 0, count: layers * 2), label: "\(label) (loads)"),
      uses: try makeBuffer([Int32](repeating: 0, count: layers * experts), label: "\(label) (uses)"))
  }

  package func loadVector(_ values: [Float], label: String) throws -> Vector {
    Vector(count: values.count, buffer: try makeBuffer(values, label: label))
  }

  // MARK: Moving rows

  package func copyRows(_ source: Activation, rows: Range<Int>, to destination: Activation, at start: Int) throws {
    precondition(source.columns == destination.columns)
    destination.change()
    let row = source.columns * 4
    try separately { queue in
      try queue.copy(
        source.buffer.view, at: rows.lowerBound * row, to: destination.buffer.view, at: start * row,
        byteCount: rows.count * row)
    }
  }

  package func gatherRows(_ x: Activation, indices: [Int], into out: Activation) throws {
    guard !indices.isEmpty else { return }
    out.change()
    let list = try makeBuffer(indices.map(Int32.init), label: "row indices")
    let shape = LaunchShape.elements(columns: x.columns, rows: indices.count)
    try separately { _ in
      try launch(
        KernelKey(.gather), shape, x.buffer.view, list.view, out.buffer.view, Int32(x.columns))
    }
  }

  // MARK: Values in and out

  package func write(_ values: [Float], to x: Activation, at row: Int) throws {
    guard !values.isEmpty else { return }
    x.change()
    try separately { queue in
      try values.withUnsafeBytes { try queue.write($0, to: x.buffer.view, at: row * x.columns * 4) }
    }
  }

  package func read(_ x: Activation, rows: Range<Int>) throws -> [Float] {
    try read(x.buffer, first: rows.lowerBound * x.columns, count: rows.count * x.columns, as: Float.self)
  }

  package func readChoice(_ routing: Routing, rows: Range<Int>) throws -> [Int32] {
    try read(
      routing.indices, first: rows.lowerBound * routing.chosen, count: rows.count * routing.chosen, as: Int32.self)
  }

  package func readWeights(_ routing: Routing, rows: Range<Int>) throws -> [Float] {
    try read(
      routing.weights, first: rows.lowerBound * routing.chosen, count: rows.count * routing.chosen, as: Float.self)
  }

  package func readExpertLoads(_ routing: Routing) throws -> [ExpertLoads] {
    let counts = try read(routing.loads, first: 0, count: routing.layers * 2, as: Int32.self)
    return (0..<routing.layers).map {
      ExpertLoads(
        decode: Int(counts[2 * $0 + Phase.decode.rawValue]), prefill: Int(counts[2 * $0 + Phase.prefill.rawValue]))
    }
  }

  package func readExpertRows(_ routing: Routing) throws -> [[Int]] {
    let counts = try read(routing.uses, first: 0, count: routing.layers * routing.experts, as: Int32.self)
    return (0..<routing.layers).map { layer in
      counts[layer * routing.experts..<(layer + 1) * routing.experts].map { Int(UInt32(bitPattern: $0)) }
    }
  }

  private func read<T: BitwiseCopyable>(_ buffer: DeviceBuffer, first: Int, count: Int, as: T.Type) throws -> [T] {
    guard count > 0 else { return [] }
    return try separately(isReading: true) { queue in
      if let recorder {
        // While the device works on what was launched since the last read.
        try queue.flush()
        try recorder.collect()
      }
      defer { recorder?.allAreOver() }
      return try [T](unsafeUninitializedCapacity: count) { values, initialized in
        try queue.read(
          buffer.view, at: first * MemoryLayout<T>.stride,
          into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: values[..<count])))
        initialized = count
      }
    }
  }

  /// Waits until everything that was queued is done.
  package func finish() throws { try separately { try $0.finish() } }

  // MARK: Launching

  /// Runs a kernel, built if need be.
  func launch<each Argument: KernelArgument>(
    _ key: KernelKey, _ shape: LaunchShape, _ arguments: repeat each Argument
  ) throws {
    try launchAwaited()
    queued += 1
    if let stages, stages.isCollecting {
      if shape.isOfItems {
        if stages.isFull { try stages.launch(on: queue) }
        return stages.add(key, shape, repeat each arguments)
      }
      return try separately { _ in try launch(key, shape, repeat each arguments) }
    }
    let entry = try kernels.kernel(key, context: shared.context)
    guard let recorder else {
      return try queue.launch(&entry.kernel, global: shape.global, local: shape.local, repeat each arguments)
    }
    recorder.add(
      try queue.launchTimed(&entry.kernel, global: shape.global, local: shape.local, repeat each arguments),
      kernel: key.name.rawValue, source: entry.source, format: key.format,
      features: key.features.map(\.name) + (key.tile?.recordedMacros ?? []))
  }

  /// As `launch`, with one argument more if there is a `last`.
  func launch<each Argument: KernelArgument>(
    _ key: KernelKey, _ shape: LaunchShape, _ arguments: repeat each Argument, last: BufferView?
  ) throws {
    if let last {
      try launch(key, shape, repeat each arguments, last)
    } else {
      try launch(key, shape, repeat each arguments)
    }
  }

  // MARK: Launching together

  package func again(_ batch: Batch, rows: Int, _ ops: () throws -> Void) throws {
    let last = recording
    recording = nil
    guard let stages, LaunchShape.runsTogether(rows: rows) else { return try ops() }
    let buffers = batch.buffers
    if var last, last.queued == queued, last.isSteady, last.rows == rows {
      let exchange = BatchExchange(from: last.batch, to: buffers)
      for index in last.launches.indices {
        last.launches[index].take(exchange)
        try stages.launch(last.launches[index], on: queue)
      }
      last.batch = buffers
      recording = last
      return
    }
    let isNext = last?.queued == queued
    try stages.collecting {
      try ops()
      try stages.launch(on: queue)
    }
    guard stages.isAll else { return }
    let exchange = BatchExchange(from: last?.batch ?? [], to: buffers)
    let isSame =
      isNext && last?.launches.count == stages.launches.count
      && zip(stages.launches, last?.launches ?? []).allSatisfy { $0.repeats($1, exchange) }
    recording = Recording(launches: stages.launches, batch: buffers, rows: rows, isSteady: isSame, queued: queued)
  }

  /// Runs `body` behind all that was launched so far; what it launches itself does not wait to be joined with others.
  ///
  /// - Parameter isReading: it changes nothing.
  func separately<Result>(
    isReading: Bool = false, _ body: (borrowing Queue) throws -> Result
  ) throws -> Result {
    try launchAwaited()
    if !isReading { queued += 1 }
    guard let stages, stages.isCollecting else { return try body(queue) }
    try stages.launch(on: queue)
    return try stages.pausing { try body(queue) }
  }

  /// Whether launches are put off to be joined, so that more of them cost little.
  var isCollecting: Bool { stages?.isCollecting ?? false }
}
