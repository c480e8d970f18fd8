package import Backend

/// One op on one shape, with inputs that a seed decides: serves tests and `strata validate` alike.
///
/// The inputs of a row depend on the case and the row alone, so that any part of the batch can be computed by itself.
package protocol OpCase: Sendable {
  /// The op family, as the folders are named.
  var family: String { get }
  /// Shape and format, for a person.
  var name: String { get }
  var rows: Int { get }
  /// Of its weights; none where the op has no weights but vectors.
  var formats: Set<ElementFormat> { get }
  /// The largest ‖found − expected‖ / ‖expected‖ that is right.
  var bound: Double { get }
  /// The same where products round activations, as the reference does then.
  func bound(_ activations: ActivationPrecision) -> Double
  /// Ranges of rows that the op may be given by themselves; each must give the same bits as the whole.
  var parts: [Range<Int>] { get }
  /// Of all rows together, without loading weights.
  var work: OpWork { get }
  /// Whether the results depend on numbers below 2⁻¹²⁶, which some devices take for zero.
  var needsDenormals: Bool { get }
  /// Whether a value may be much smaller than what it is the sum of.
  var cancels: Bool { get }

  /// Computes `rows` as the only rows of a batch.
  func run<B: Backend>(_ backend: B, rows: Range<Int>) throws -> OpResult
}

extension OpCase {
  package var parts: [Range<Int>] {
    guard rows > 1 else { return [] }
    let half = rows / 2
    return [0..<1, half..<half + 1, rows - 1..<rows, 0..<half, half..<rows, 0..<rows - 1]
  }

  package var formats: Set<ElementFormat> { [] }

  package var needsDenormals: Bool { false }

  package var cancels: Bool { true }

  package func bound(_ activations: ActivationPrecision) -> Double { bound }

  /// Products of weights and f32 activations: K roundings of 2⁻²⁴ that mostly cancel, for K up to some ten thousand.
  package var bound: Double { 5e-6 }
}

/// What an op made for some rows.
package struct OpResult: Sendable, Equatable {
  /// [rows, columns]
  package var values: [Float]
  package var columns: Int
  /// [rows, any]: what must be the same exactly.
  package var indices: [Int32] = []
  /// What belongs to the batch as a whole, and must be the same exactly.
  package var totals: [Int32] = []
  /// Whether the rows behind the batch's were left alone.
  package var isContained: Bool = true

  package init(values: [Float], columns: Int, indices: [Int32] = [], isContained: Bool = true) {
    self.values = values
    self.columns = columns
    self.indices = indices
    self.isContained = isContained
  }
}

extension OpResult {
  /// A hash of the bits, the same in one process only. A NaN has none of its own: OpenCL C leaves open which one it is.
  var bitsHash: Int {
    var hasher = Hasher()
    for value in values { hasher.combine(value.isNaN ? Float.nan.bitPattern : value.bitPattern) }
    hasher.combine(indices)
    return hasher.finalize()
  }

  /// Puts the columns of `other`, of the same rows, behind the own ones.
  mutating func add(_ other: OpResult) {
    var both: [Float] = []
    let rows: Int = columns > 0 ? values.count / columns : 0
    for row in 0..<rows {
      for part in [self, other] {
        let start: Int = row * part.columns
        both.append(contentsOf: part.values[start..<start + part.columns])
      }
    }
    values = both
    columns += other.columns
    isContained = isContained && other.isContained
  }
}

/// SplitMix64 (Steele, Lea and Flood 2014): values that depend on a seed and nothing else.
struct CaseRandom {
  private var generator: SplitMix

  /// One generator for each of some numbers, such as a case's seed, a row and a role.
  init(_ numbers: Int...) {
    generator = SplitMix(
      state: numbers.reduce(0x5EED) { ($0 ^ UInt64(truncatingIfNeeded: $1)) &* 0xD129_0C4F_3B1A_66D5 &+ 0x9E37_79B9 })
  }

  mutating func next() -> UInt64 { generator.next() }

  /// Uniform in [−1, 1).
  mutating func float() -> Float { Float(Int32(truncatingIfNeeded: next() >> 32)) * 0x1p-31 }

  mutating func floats(_ count: Int, scale: Float = 1) -> [Float] { (0..<count).map { _ in float() * scale } }
}

/// A weight tensor of random values, in a format; blocks have random codes, and scales that make values of about 1.
/// - Parameter isTiny: the numbers of the format, or the scales of its blocks, are subnormal.
func randomTensor(
  _ name: String, _ format: ElementFormat, rows: Int, columns: Int, isTiny: Bool = false, _ random: inout CaseRandom
) -> HostTensor {
  if let block = format.block {
    let bytes = (0..<rows * columns / block.elementCount).flatMap { _ in randomBlock(format, block, isTiny, &random) }
    return HostTensor(name: name, format: format, shape: [rows, columns], values: bytes)
  }
  let values = random.floats(rows * columns)
  if isTiny { return tinyTensor(name, format, rows: rows, columns: columns, &random) }
  return switch format {
  case .bf16: HostTensor(name: name, format: .bf16, shape: [rows, columns], values: values.map(BFloat16.round))
  case .f16:
    HostTensor(name: name, format: .f16, shape: [rows, columns], values: values.map { Float16($0).bitPattern })
  default: HostTensor(name: name, format: .f32, shape: [rows, columns], values: values)
  }
}

/// Subnormal numbers of a format without blocks.
private func tinyTensor(_ name: String, _ format: ElementFormat, rows: Int, columns: Int, _ random: inout CaseRandom)
  -> HostTensor
{
  let words = (0..<rows * columns).map { _ in UInt32(truncatingIfNeeded: random.next()) }
  let shape = [rows, columns]
  return switch format {
  case .bf16: HostTensor(name: name, format: .bf16, shape: shape, values: words.map { UInt16($0 & 0x807F) })
  case .f16: HostTensor(name: name, format: .f16, shape: shape, values: words.map { UInt16($0 & 0x83FF) })
  default:
    HostTensor(name: name, format: .f32, shape: shape, values: words.map { Float(bitPattern: $0 & 0x807F_FFFF) })
  }
}

private func randomBlock(
  _ format: ElementFormat, _ block: BlockFormat, _ isTiny: Bool, _ random: inout CaseRandom
) -> [UInt8] {
  var bytes = (0..<block.byteCount).map { _ in UInt8(truncatingIfNeeded: random.next() >> 24) }
  func setHalf(at offset: Int, _ value: Float) {
    let bits = Float16(value).bitPattern
    (bytes[offset], bytes[offset + 1]) = (UInt8(truncatingIfNeeded: bits), UInt8(truncatingIfNeeded: bits >> 8))
  }
  let unit = random.float()
  if isTiny {
    // Below 2⁻¹⁴, where binary16 becomes subnormal; MXFP4 has powers of two from 2⁻¹²⁷ on.
    switch format {
    case .mxfp4: bytes[0] %= 4
    case .q6K: setHalf(at: 208, unit * 0x1p-15)
    default: setHalf(at: 0, unit * 0x1p-15)
    }
    if [.q41, .q51, .q4K, .q5K].contains(format) { setHalf(at: 2, random.float() * 0x1p-15) }
    return bytes
  }
  switch format {
  // Powers of two that take part, from 2⁻⁸ to 2.
  case .mxfp4: bytes[0] = 120 + bytes[0] % 10
  case .q80: setHalf(at: 0, unit / 128)
  case .q41, .q51:
    setHalf(at: 0, unit / 16)
    setHalf(at: 2, random.float())
  case .q4K, .q5K:
    setHalf(at: 0, unit / 512)
    setHalf(at: 2, random.float() / 64)
  case .q6K: setHalf(at: 208, unit / 2048)
  case .iq4NL: setHalf(at: 0, unit / 128)
  case .iq4XS: setHalf(at: 0, unit / 2048)
  default: setHalf(at: 0, unit / 16)
  }
  return bytes
}

/// Numbers at the ends of what activations can be.
enum Extreme: String, Sendable {
  /// All are ±65504, the largest of binary16.
  case large = "±65504"
  /// The first 32 are zero, of the others one of three is below 2⁻¹²⁶.
  case denormals
  /// The weights, or the scales of their blocks, are subnormal; activations are so large that results are not.
  case tinyWeights = "tiny-weights"

  func apply(to values: [Float]) -> [Float] {
    switch self {
    case .large: values.map { $0 < 0 ? -65504 : 65504 }
    case .denormals: values.enumerated().map { $0 < 32 ? 0 : $0 % 3 == 1 ? $1 * 0x1p-127 : $1 }
    case .tinyWeights: values.map { $0 * 0x1p100 }
    }
  }

  /// Formats whose smallest numbers are below those of f32 that all devices have.
  static func needsDenormals(_ extreme: Extreme?, _ formats: ElementFormat...) -> Bool {
    extreme == .tinyWeights && formats.contains { [.bf16, .f32, .mxfp4].contains($0) }
  }
}

/// What outputs hold before an op: a value that no op makes.
let poison: Float = -1.2345678e30
/// Rows behind a batch's that an op must leave alone.
let guardRows = 2

extension Backend {
  /// An activation with guard rows behind `values`; without values it is all poison.
  func activation(rows: Int, columns: Int, _ values: [Float]? = nil) throws -> Activation {
    let made = try makeActivation(rows: rows + guardRows, columns: columns, label: "case")
    try write(Array(repeating: poison, count: (rows + guardRows) * columns), to: made, at: 0)
    if let values { try write(values, to: made, at: 0) }
    return made
  }

  /// An activation that an op only reads: exactly as large as its values, so that a read behind them is one out of bounds.
  func input(rows: Int, columns: Int, _ values: [Float]) throws -> Activation {
    let made = try makeActivation(rows: max(rows, 1), columns: columns, label: "case")
    try write(values, to: made, at: 0)
    return made
  }

  /// Whether the rows behind the first `rows` of an activation made by `activation(rows:columns:)` are poison still.
  func leavesGuards(_ x: Activation, rows: Int, columns: Int) throws -> Bool {
    try read(x, rows: rows..<rows + guardRows).allSatisfy { $0 == poison }
  }

  /// The result in an activation made by `activation(rows:columns:)`.
  func result(_ x: Activation, rows: Int, columns: Int, indices: [Int32] = []) throws -> OpResult {
    let all = try read(x, rows: 0..<rows + guardRows)
    return OpResult(
      values: Array(all[..<(rows * columns)]), columns: columns, indices: indices,
      isContained: all[(rows * columns)...].allSatisfy { $0 == poison })
  }
}
