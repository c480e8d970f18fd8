import Backend
import Engine
import OpenCL
import OpenCLBackend
import Scheduling
import Simulation

/// Layers of experts of a model's shape with random weights on a device, for measuring their products alone.
final class ExpertBench {
  typealias B = OpenCLBackend

  struct Measured {
    var expertsTouched: Double
    var eventSeconds: Double
    var wallSeconds: Double
  }

  let backend: B
  let model: ModelShape
  let layers: [B.Experts]

  private static let rounds = 7
  /// Seconds of a round, about, and of a batch after which no further round begins.
  private static let roundSeconds = 0.05
  private static let batchSeconds = 3.0
  private static let mostChoices = 16

  /// - Throws: `ProfilingError` if the device has too little memory.
  init(_ backend: B, model: ModelShape) throws {
    self.backend = backend
    self.model = model
    let count = try WeightCopies.count(of: Double(model.experts) * model.expertBytes, model, backend.device)
    let weights = RandomWeights(elements: 2 * model.expertIntermediateSize * model.hiddenSize)
    layers = try (0..<count).map { try backend.loadExperts(weights.experts(of: model, layer: $0)) }
  }

  /// The products for `batch` rows, by several choices of experts in turn, so that they find little in the cache.
  func measure(batch: Int, choices: ExpertChoices?) throws -> Measured {
    let slots = batch * model.chosenExperts
    let widest = slots * max(model.hiddenSize, model.expertIntermediateSize) * 4
    guard widest <= backend.plan.maxAllocation else {
      throw ProfilingError(
        "batch-sizes has \(batch): \(readable(widest)) of activations are more than the \(readable(backend.plan.maxAllocation)) "
          + "of the device's largest buffer")
    }
    let x = try backend.makeActivation(rows: batch, columns: model.hiddenSize, label: "rows")
    let hidden = try backend.makeActivation(rows: slots, columns: model.expertIntermediateSize, label: "hidden")
    let out = try backend.makeActivation(rows: slots, columns: model.hiddenSize, label: "expert output")
    var random = SeededRandom(6)
    try backend.write((0..<batch * model.hiddenSize).map { _ in random.float() }, to: x, at: 0)
    let (routings, touched) = try routings(batch: batch, choices)
    var pass = 0
    func run(_ count: Int) throws -> (events: Double, wall: Double) {
      try backend.finish()
      let clock = ContinuousClock.now
      for _ in 0..<count {
        try backend.experts(
          x, layers[pass % layers.count], routing: routings[pass % routings.count], rows: batch, hidden: hidden,
          into: out)
        pass += 1
      }
      try backend.finish()
      let wall = (ContinuousClock.now - clock).seconds
      let events = try backend.recorder?.take().reduce(0) { $0 + $1.seconds } ?? 0
      return (events / Double(count), wall / Double(count))
    }
    _ = try run(1)
    let one = try run(2).wall
    let count = max(1, min(256, Int(Self.roundSeconds / max(one, 1e-6))))
    var found: [(events: Double, wall: Double)] = []
    let clock = ContinuousClock.now
    while found.count < Self.rounds, found.isEmpty || (ContinuousClock.now - clock).seconds < Self.batchSeconds {
      found.append(try run(count))
    }
    return Measured(
      expertsTouched: touched, eventSeconds: Samples(found.map(\.events)).median,
      wallSeconds: Samples(found.map(\.wall)).median)
  }

  /// Rows that have chosen, several times, and how many experts they met in the mean.
  private func routings(batch: Int, _ choices: ExpertChoices?) throws -> (routings: [B.Routing], touched: Double) {
    let count = max(1, min(Self.mostChoices, 4096 / batch))
    let logits = try backend.makeActivation(rows: batch, columns: model.experts, label: "choice")
    var touched = 0
    let routings = try (0..<count).map { index in
      let routing = try backend.makeRouting(
        rows: batch, experts: model.experts, chosen: model.chosenExperts, layers: 1, label: "routing")
      try backend.write(values(batch, index, of: count, choices), to: logits, at: 0)
      let options = RouterOptions(renormalise: true, layer: 0, phase: .prefill)
      try backend.route(logits: logits, rows: batch, options: options, into: routing)
      touched += Set(try backend.readChoice(routing, rows: 0..<batch)).count
      return routing
    }
    _ = try backend.recorder?.take()
    return (routings, Double(touched) / Double(count))
  }

  private func values(_ batch: Int, _ index: Int, of count: Int, _ choices: ExpertChoices?) -> [Float] {
    guard let choices else {
      return RandomRouting.logits(
        rows: batch, experts: model.experts, spread: ExpertCoverage.promptSpread, seed: UInt64(index + 1))
    }
    let start = (choices.rows - batch) * index / max(count - 1, 1)
    let sparse = choices.sparse
    return choices.logits(sparse[index % sparse.count], from: start, count: batch)
  }
}
