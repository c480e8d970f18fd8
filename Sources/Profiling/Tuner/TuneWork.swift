import Backend
import OpenCL
import OpenCLBackend
import Scheduling

/// The work of a tuning task: weights and rows on the device, which are computed with one cut after the other.
protocol TuneWork: AnyObject {
  /// Queues it once. What depends on the cut has been made anew.
  func queue() throws
  /// The results, as bits.
  func result() throws -> [UInt32]
  /// After the cut has changed.
  func prepare() throws
}

/// A dense layer of 2048 × 2048.
final class LinearWork: TuneWork {
  private let backend: OpenCLBackend
  private let rows: Int
  private let weights: [OpenCLBackend.Matrix]
  private let x: OpenCLBackend.Activation
  private let out: OpenCLBackend.Activation
  private var next = 0

  private static let size = 2048

  init(_ backend: OpenCLBackend, _ format: ElementFormat, rows: Int) throws {
    self.backend = backend
    self.rows = rows
    let random = RandomWeights(elements: Self.size * Self.size, format: format)
    let bytes = Self.size * format.rowBytes(Self.size)
    let copies = max(1, min(64, TuneSearch.coldBytes / bytes))
    weights = try (0..<copies).map { _ in
      try backend.loadMatrix(random.matrix("weights", rows: Self.size, columns: Self.size))
    }
    x = try backend.makeActivation(rows: rows, columns: Self.size, label: "rows")
    out = try backend.makeActivation(rows: rows, columns: Self.size, label: "output")
    var seeded = SeededRandom(3)
    try backend.write((0..<rows * Self.size).map { _ in seeded.float() }, to: x, at: 0)
  }

  func prepare() {}

  func queue() throws {
    try backend.linear(x, weights[next % weights.count], rows: rows, into: out, accumulate: false)
    next += 1
  }

  func result() throws -> [UInt32] { try backend.read(out, rows: 0..<rows).map(\.bitPattern) }
}

/// Eight experts of 2048 × 768, each with so many rows.
final class ExpertsWork: TuneWork {
  private let backend: OpenCLBackend
  private let rows: Int
  private let layers: [OpenCLBackend.Experts]
  private let x: OpenCLBackend.Activation
  private let hidden: OpenCLBackend.Activation
  private let out: OpenCLBackend.Activation
  private let logits: OpenCLBackend.Activation
  private var routing: OpenCLBackend.Routing
  private var next = 0

  private static let (count, columns, inner) = (8, 2048, 768)

  init(_ backend: OpenCLBackend, _ format: ElementFormat, rows: Int) throws {
    self.backend = backend
    self.rows = rows
    let random = RandomWeights(elements: 2 * Self.inner * Self.columns, format: format)
    let bytes = Self.count * 3 * Self.inner * format.rowBytes(Self.columns)
    layers = try (0..<max(1, min(4, TuneSearch.coldBytes / bytes))).map {
      try backend.loadExperts(
        random.experts(Self.count, hidden: Self.columns, intermediate: Self.inner, layer: $0))
    }
    x = try backend.makeActivation(rows: rows, columns: Self.columns, label: "rows")
    hidden = try backend.makeActivation(rows: rows * Self.count, columns: Self.inner, label: "hidden")
    out = try backend.makeActivation(rows: rows * Self.count, columns: Self.columns, label: "expert output")
    logits = try backend.makeActivation(rows: rows, columns: Self.count, label: "choice")
    var seeded = SeededRandom(3)
    try backend.write((0..<rows * Self.columns).map { _ in seeded.float() }, to: x, at: 0)
    try backend.write((0..<rows * Self.count).map { _ in seeded.float() }, to: logits, at: 0)
    routing = try Self.routing(backend, logits, rows: rows)
  }

  private static func routing(
    _ backend: OpenCLBackend, _ logits: OpenCLBackend.Activation, rows: Int
  ) throws -> OpenCLBackend.Routing {
    let routing = try backend.makeRouting(rows: rows, experts: count, chosen: count, layers: 1, label: "routing")
    try backend.route(
      logits: logits, rows: rows, options: RouterOptions(renormalise: true, layer: 0, phase: .prefill), into: routing)
    return routing
  }

  /// Its room for entries depends on how many rows one has.
  func prepare() throws { routing = try Self.routing(backend, logits, rows: rows) }

  func queue() throws {
    try backend.experts(x, layers[next % layers.count], routing: routing, rows: rows, hidden: hidden, into: out)
    next += 1
  }

  func result() throws -> [UInt32] { try backend.read(out, rows: 0..<rows * Self.count).map(\.bitPattern) }
}
