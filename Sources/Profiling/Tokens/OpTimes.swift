import OpenCLBackend
import Scheduling

/// Where the time of a test goes: its launches by kernel.
package struct OpTimes: Sendable, Encodable {
  /// One kernel, in all layers.
  package struct Op: Sendable, Encodable {
    package var name: String
    package var launches: Int
    package var seconds: Double
    /// Of what all kernels take together.
    package var share: Double
    package var launchesPerToken: Double
    package var secondsPerLaunch: Double
    /// Of weights, or of keys and values; nil for kernels that read neither.
    package var bytesPerSecond: Double?
    package var operationsPerSecond: Double?
  }

  /// The most time first.
  package var ops: [Op]
  /// By the host's clock, with every launch timed, which itself takes time.
  package var seconds: Double
  package var kernelSeconds: Double
  package var launchesPerToken: Double
  /// Of a pass through one layer, in the mean.
  package var launchesPerLayer: Double

  /// - Parameters:
  ///   - seconds: of the run, by the host's clock.
  ///   - ledger: what the run read.
  init(_ launches: [LaunchRecord], seconds: Double, _ test: TokenTest, _ work: ModelWork, _ ledger: Ledger) {
    let tokens = Double(test.tokens) / Double(test.requests)
    kernelSeconds = launches.reduce(0) { $0 + $1.seconds }
    self.seconds = seconds
    launchesPerToken = Double(launches.count) / tokens
    // A layer is left and another one begins: what passes there are, whatever the schedule.
    let layers = launches.compactMap(\.place.layer)
    let passes = zip(layers, [-1] + layers).count { $0 != $1 }
    launchesPerLayer = passes > 0 ? Double(layers.count) / Double(passes) : 0
    let total = max(kernelSeconds, .leastNonzeroMagnitude)
    ops = Dictionary(grouping: launches, by: \.kernel).map { name, launches in
      let time = launches.reduce(0) { $0 + $1.seconds }
      let done = KernelWork(name, work, test, ledger)
      return Op(
        name: name, launches: launches.count, seconds: time, share: time / total,
        launchesPerToken: Double(launches.count) / tokens, secondsPerLaunch: time / Double(launches.count),
        bytesPerSecond: done.flatMap { $0.bytes > 0 && time > 0 ? $0.bytes / time : nil },
        operationsPerSecond: done.flatMap { $0.operations > 0 && time > 0 ? $0.operations / time : nil })
    }.sorted { ($1.seconds, $0.name) < ($0.seconds, $1.name) }
  }
}

/// What one kernel did in a run, told by its name.
private struct KernelWork {
  var bytes: Double
  var operations: Double

  /// Nil for kernels that read no weights, keys or values.
  init?(_ kernel: String, _ work: ModelWork, _ test: TokenTest, _ ledger: Ledger) {
    let memory = ledger.total.memory
    let dense = memory[.dense]?.total ?? 0
    let feedForward = (memory[.expert]?.total ?? 0) + dense * work.denseShare
    let operations = work.operations(test)
    if kernel.contains("gate_up") {
      bytes = feedForward * work.gateUpShare
      self.operations = operations.feedForward * ModelWork.gateUpElements
    } else if kernel.contains("down") {
      bytes = feedForward * (1 - work.gateUpShare)
      self.operations = operations.feedForward * (1 - ModelWork.gateUpElements)
    } else if kernel.contains("linear") {
      bytes = dense * (1 - work.denseShare)
      self.operations = operations.projections
    } else if kernel.contains("attention") {
      bytes = memory[.keyValue]?.total ?? 0
      self.operations = operations.attention
    } else {
      return nil
    }
  }
}
