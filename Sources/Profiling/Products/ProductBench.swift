package import Backend
import Engine
package import OpenCL
import OpenCLBackend
import Scheduling

/// Measures a layer of experts alone, with random weights that are not in a cache: each row goes to all experts, in one pass.
///
/// At one row this is what a decoded token does with its experts; at more, what a prompt does.
package struct ProductBench: Sendable {
  package var hidden = 2048
  package var intermediate = 768
  package var experts = 8
  package var formats: [ElementFormat] = [.f32, .bf16, .f16, .q80, .q40, .q4K, .mxfp4]
  /// Of each expert.
  package var rows = [1, 16, 64, 256]
  package var rounds = 5
  /// What products take their activations as; what suits the device unless given.
  package var activations: ActivationPrecision?

  package init() {}

  /// Seconds of a round, about.
  private static let roundSeconds = 0.1
  /// Several times the cache; drivers of CPUs may tell that of one core only.
  private static let caches = 4
  private static let leastCache = 32 << 20

  package struct Report: Sendable, Encodable {
    package var device: String
    package var hidden: Int
    package var intermediate: Int
    package var experts: Int
    package var times: [ProductTime]

    /// A table for a person.
    package var lines: [String] {
      ["\(device): \(experts) experts of \(hidden) x \(intermediate), gate, up and down, packing with it"]
        + ProductTime.lines(times)
    }
  }

  /// - Throws: `ProfilingError` for sizes that are no whole blocks, or weights that do not fit.
  package func run(on device: Device, progress: (String) -> Void) throws -> Report {
    guard rounds > 0, experts > 0, rows.allSatisfy({ $0 > 0 }), hidden > 0, intermediate > 0 else {
      throw ProfilingError("rounds, experts, rows, hidden and intermediate: expected 1 or more of each")
    }
    let probe = try CeilingProbe(device)
    var times: [ProductTime] = []
    for format in formats {
      guard hidden % format.blockElements == 0, intermediate % format.blockElements == 0 else {
        throw ProfilingError(
          "\(format.rawValue) has blocks of \(format.blockElements), expected hidden and intermediate sizes of whole blocks"
        )
      }
      progress("loading \(format.rawValue)")
      let layers = try Layers(self, format, device)
      for count in rows {
        progress("\(format.rawValue), \(count) rows an expert")
        times.append(try measure(layers, format, rows: count, probe))
      }
    }
    return Report(device: device.name, hidden: hidden, intermediate: intermediate, experts: experts, times: times)
  }

  private func measure(
    _ layers: Layers, _ format: ElementFormat, rows: Int, _ probe: CeilingProbe
  ) throws -> ProductTime {
    let pass = try layers.pass(rows: rows)
    _ = try pass.seconds(count: 2)
    let count = max(1, min(512, Int(Self.roundSeconds / max(try pass.seconds(count: 2), 1e-6))))
    let found = try (0..<rounds).map { _ in (ceiling: try probe.take(), seconds: try pass.seconds(count: count)) }
    let operations = Double(2 * rows * experts * 3 * hidden * intermediate)
    let bytes = Double(bytes(format))
    let compute = found.map { operations / $0.seconds / $0.ceiling.operationsPerSecond }
    let bandwidth = found.map { bytes / $0.seconds / $0.ceiling.bytesPerSecond }
    let seconds = Samples(found.map(\.seconds)).median
    return ProductTime(
      format: format, rows: rows, seconds: seconds, operationsPerSecond: operations / seconds,
      bytesPerSecond: bytes / seconds, computeShare: Samples(compute).median,
      bandwidthShare: Samples(bandwidth).median, computeShares: compute, bandwidthShares: bandwidth,
      computeCeiling: Samples(found.map(\.ceiling.operationsPerSecond)).median,
      bandwidthCeiling: Samples(found.map(\.ceiling.bytesPerSecond)).median)
  }

  /// Bytes of all experts as a checkpoint has them.
  private func bytes(_ format: ElementFormat) -> Int {
    experts * (2 * intermediate * format.rowBytes(hidden) + hidden * format.rowBytes(intermediate))
  }

  /// As many layers of the same weights as no cache holds.
  private final class Layers {
    let bench: ProductBench
    let backend: OpenCLBackend
    let layers: [OpenCLBackend.Experts]

    init(_ bench: ProductBench, _ format: ElementFormat, _ device: Device) throws {
      self.bench = bench
      var plan = DevicePlan.tuned(device)
      if let activations = bench.activations {
        try plan.check(activations)
        plan.activations = activations
      }
      let backend = try OpenCLBackend(device, plan: plan)
      self.backend = backend
      let bytes = bench.bytes(format)
      let count = max(2, (caches * max(device.globalCache, leastCache) + bytes - 1) / bytes)
      guard device.globalMemory == 0 || count * bytes <= device.globalMemory / 2 else {
        throw ProfilingError(
          "\(readable(count * bytes)) of weights are needed, expected at most half of the device's "
            + readable(device.globalMemory))
      }
      let weights = RandomWeights(elements: 2 * bench.intermediate * bench.hidden, format: format)
      layers = try (0..<count).map {
        try backend.loadExperts(
          weights.experts(bench.experts, hidden: bench.hidden, intermediate: bench.intermediate, layer: $0))
      }
    }

    /// Rows, and room for what experts make of them.
    func pass(rows: Int) throws -> Pass {
      let (experts, slots) = (bench.experts, rows * bench.experts)
      let x = try backend.makeActivation(rows: rows, columns: bench.hidden, label: "rows")
      var random = SeededRandom(6)
      try backend.write((0..<rows * bench.hidden).map { _ in random.float() }, to: x, at: 0)
      let routing = try backend.makeRouting(rows: rows, experts: experts, chosen: experts, layers: 1, label: "routing")
      let logits = try backend.makeActivation(rows: rows, columns: experts, label: "choice")
      try backend.write((0..<rows * experts).map { _ in random.float() }, to: logits, at: 0)
      try backend.route(
        logits: logits, rows: rows, options: RouterOptions(renormalise: true, layer: 0, phase: .prefill), into: routing)
      return Pass(
        owner: self, x: x, routing: routing, rows: rows,
        hidden: try backend.makeActivation(rows: slots, columns: bench.intermediate, label: "hidden"),
        out: try backend.makeActivation(rows: slots, columns: bench.hidden, label: "expert output"))
    }
  }

  private final class Pass {
    let owner: Layers
    let x: OpenCLBackend.Activation
    let routing: OpenCLBackend.Routing
    let rows: Int
    let hidden: OpenCLBackend.Activation
    let out: OpenCLBackend.Activation
    private var next = 0

    init(
      owner: Layers, x: OpenCLBackend.Activation, routing: OpenCLBackend.Routing, rows: Int,
      hidden: OpenCLBackend.Activation, out: OpenCLBackend.Activation
    ) {
      (self.owner, self.x, self.routing, self.rows, self.hidden, self.out) = (owner, x, routing, rows, hidden, out)
    }

    /// Of one pass, by the host's clock over so many, each with another layer.
    func seconds(count: Int) throws -> Double {
      let backend = owner.backend
      try backend.finish()
      let clock = ContinuousClock.now
      for _ in 0..<count {
        try backend.experts(
          x, owner.layers[next % owner.layers.count], routing: routing, rows: rows, hidden: hidden, into: out)
        next += 1
      }
      try backend.finish()
      return (ContinuousClock.now - clock).seconds / Double(count)
    }
  }
}
