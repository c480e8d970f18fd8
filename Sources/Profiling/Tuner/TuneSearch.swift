package import Backend
import Engine
package import OpenCL
package import OpenCLBackend

/// Searches how products are cut best on a device: tries every candidate, keeps only those with the very bits of the rule's
/// cut, and measures them in turn.
package struct TuneSearch {
  package var formats: [ElementFormat] = BlockEncoding.formats
  /// Seconds after which no further task begins.
  package var seconds = 600.0
  /// What was found before: its tasks are not done again.
  package var found: TunedDevice
  private let device: Device
  private let plan: DevicePlan

  /// Weights that are read in turn, so that few of them are in a cache.
  static let coldBytes = 128 << 20
  private static let rounds = 5
  /// Further rounds of the best one and the rule's alone, of which three quarters have to agree.
  private static let confirmations = 9
  /// Seconds of a measurement, about.
  private static let measureSeconds = 0.02
  /// A cut has to be so much faster than the rule's to be kept.
  private static let gain = 1.03

  /// What the caller is told on the way.
  package enum Step {
    case begins(Tuning.Key, task: Int, of: Int, candidates: Int)
    case refused(Tuning.Key, Tuning.Cut, reason: String)
    case done(TunedDevice.Entry)
  }

  /// - Parameter found: what was found before, or nothing, of the device in the plan's style.
  package init(_ device: Device, _ plan: DevicePlan, found: TunedDevice) {
    self.device = device
    self.plan = plan
    self.found = found
  }

  /// Does what is not done, until the time is over.
  ///
  /// - Parameter save: called after each task.
  /// - Returns: tasks that are left.
  package mutating func run(progress: (Step) -> Void, save: (TunedDevice) throws -> Void) throws -> Int {
    let begin = ContinuousClock.now
    let tasks = try TuneTask.all(device, plan, formats: formats)
    let done = Set(found.entries.map(\.key))
    let open = tasks.filter { !done.contains($0.key) }
    for (index, task) in open.enumerated() {
      if (ContinuousClock.now - begin).seconds > seconds { return open.count - index }
      progress(
        .begins(
          task.key, task: tasks.count - open.count + index + 1, of: tasks.count, candidates: task.candidates.count))
      let entry = try search(task, progress)
      found.entries.append(entry)
      try save(found)
      progress(.done(entry))
    }
    return 0
  }

  private func search(_ task: TuneTask, _ progress: (Step) -> Void) throws -> TunedDevice.Entry {
    let backend = try OpenCLBackend(device, plan: plan)
    let rows = TuneTask.rowCount(task.key.rows)
    let work: any TuneWork =
      task.key.op == .linear
      ? try LinearWork(backend, task.key.format ?? .bf16, rows: rows)
      : try ExpertsWork(backend, task.key.format ?? .bf16, rows: rows)
    func use(_ cut: Tuning.Cut) throws {
      backend.retune(Tuning([task.key: cut]))
      try work.prepare()
    }
    let usable = try usable(task, work, use, progress)
    var times = [[Double]](repeating: [], count: usable.count)
    try use(usable[0])
    let count = max(1, min(64, Int(Self.measureSeconds / max(try seconds(work, backend, count: 1), 1e-6))))
    for _ in 0..<Self.rounds {
      for (index, cut) in usable.enumerated() {
        try use(cut)
        times[index].append(try seconds(work, backend, count: count))
      }
    }
    // Against the rule in the same round: what changes on the machine meets both.
    let gains = times.map { own in Samples(zip(times[0], own).map { $0 / $1 }).median }
    let best = gains.indices.max { gains[$0] < gains[$1] } ?? 0
    let rule = TunedDevice.Entry(task.key, usable[0], speedup: 1)
    guard gains[best] >= Self.gain else { return rule }
    // The best of many by chance is not the best of two.
    let pairs = try (0..<Self.confirmations).map { _ in
      let times = try [usable[0], usable[best]].map { cut in
        try use(cut)
        return try seconds(work, backend, count: count)
      }
      return times[0] / times[1]
    }
    let confirmed = Samples(pairs)
    let isSure = confirmed.median >= Self.gain && confirmed.values[Self.confirmations / 4] > 1
    return isSure ? TunedDevice.Entry(task.key, usable[best], speedup: confirmed.median) : rule
  }

  /// The candidates that build, run, and give the bits of the first one.
  private func usable(
    _ task: TuneTask, _ work: any TuneWork, _ use: (Tuning.Cut) throws -> Void, _ progress: (Step) -> Void
  ) throws -> [Tuning.Cut] {
    var usable: [Tuning.Cut] = []
    var expected: [UInt32] = []
    for cut in task.candidates {
      do {
        try use(cut)
        try work.queue()
        let bits = try work.result()
        if usable.isEmpty { expected = bits }
        guard bits == expected else {
          progress(.refused(task.key, cut, reason: "its bits are not those of the rule's cut"))
          continue
        }
        usable.append(cut)
      } catch {
        // Without the rule's cut nothing can be compared; any other one just does not suit the device.
        guard !usable.isEmpty else { throw error }
        progress(.refused(task.key, cut, reason: "\(error)"))
      }
    }
    return usable
  }

  /// Of one pass, by the host's clock over so many.
  private func seconds(_ work: any TuneWork, _ backend: OpenCLBackend, count: Int) throws -> Double {
    try backend.finish()
    let clock = ContinuousClock.now
    for _ in 0..<count { try work.queue() }
    try backend.finish()
    return (ContinuousClock.now - clock).seconds / Double(count)
  }
}
