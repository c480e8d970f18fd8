import Backend
import Testing

@testable import OpenCLBackend

/// Weights in f32 and f16 as bf16 numbers for matrix units. Expected bits are counted by hand.
struct WeightPiecesTests {
  /// Pieces of a weight.
  private func pieces(_ value: Float, _ count: Int = 3) -> [UInt16] {
    var rest = value
    return (0..<count).map { _ in rest.cutPiece() }
  }

  private func sum(_ pieces: [UInt16]) -> Double {
    pieces.enumerated().reduce(0) { $0 + Double(BFloat16.widen($1.element)) / Double(1 << (8 * $1.offset)) }
  }

  /// A significand of 24 ones is 0xff three times: 1.9921875 each, as bf16 0x3fff; a piece stands 2⁸ higher than its bits.
  @Test func eightBitsGoToEachPiece() {
    #expect(pieces(0x1.fffffep0) == [0x3FFF, 0x3FFF, 0x3FFF])
    #expect(pieces(-0x1.fffffep0) == [0xBFFF, 0xBFFF, 0xBFFF])
    #expect(pieces(1) == [0x3F80, 0, 0])
    // 1 + 2⁻⁸ + 2⁻²³: 2⁻⁸ · 2⁸ is one, 2⁻²³ · 2¹⁶ is 2⁻⁷.
    #expect(pieces(0x1.010002p0) == [0x3F80, 0x3F80, 0x3C00])
    // Cut off, not rounded: 1.998 stays below 2.
    #expect(pieces(0x1.ff8p0).first == 0x3FFF)
  }

  @Test func theLargestNumberStaysFinite() {
    #expect(pieces(Float.greatestFiniteMagnitude) == [0x7F7F, 0x7F7F, 0x7F7F])
  }

  /// The smallest number is 2⁻¹⁴⁹, the smallest bf16 2⁻¹³³: it is in the last piece, times 2¹⁶.
  @Test func subnormalNumbersAreKept() {
    #expect(pieces(Float.leastNonzeroMagnitude) == [0, 0, 1])
    // 2⁻¹²⁶ less 2⁻¹⁴⁹: 23 ones, of which 7, 8 and 8 go to the pieces; 255 · 2⁻¹³³ is 0x1.fep-126.
    #expect(pieces(Float(bitPattern: 0x007F_FFFF)) == [0x007F, 0x00FF, 0x00FF])
  }

  @Test func whatIsNotFiniteIsTheFirstPieceAlone() {
    #expect(pieces(.infinity) == [0x7F80, 0, 0])
    #expect(pieces(-.infinity) == [0xFF80, 0, 0])
    // A NaN whose upper half alone would be infinity stays one.
    let found = pieces(Float(bitPattern: 0x7F80_0001))
    #expect(BFloat16.widen(found[0]).isNaN && found[1...] == [0, 0])
  }

  @Test func zeroKeepsItsSign() {
    #expect(pieces(0) == [0, 0, 0])
    #expect(pieces(-0.0) == [0x8000, 0x8000, 0x8000])
  }

  @Test func piecesAddUpToEveryNumber() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SplitMix(state: seed)
    for _ in 0..<100_000 {
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
      guard value.isFinite else { continue }
      #expect(sum(pieces(value)) == Double(value), "\(value), seed \(seed)")
    }
  }

  @Test func twoPiecesAreEnoughForBinary16() {
    for bits in UInt16.min...UInt16.max {
      let value = Float(Float16(bitPattern: bits))
      if value.isFinite { #expect(sum(pieces(value, 2)) == Double(value), "\(value)") }
    }
  }

  // MARK: Strips

  /// Element (n, k) of piece p, where Kernels/Common/fragments.clh puts it for K up to 128.
  private func element(_ n: Int, _ k: Int, piece: Int) -> Int {
    let lane = n % 8 * 4 + k % 16 / 4
    return ((piece * 8 + k / 16) * 32 + lane) * 8 + 4 * (k % 4 / 2) + 2 * (n % 16 / 8) + k % 2
  }

  private func strip(_ tensor: HostTensor) throws -> [UInt16] {
    let matrix = try MatrixSource(label: "weight", parts: [[tensor]])
    let layout = WeightLayout(matrix, style: .mma)
    #expect(layout.style == .mma && layout.unit == .strip && layout.unitCount == 1)
    var words = [UInt16](repeating: 0xDEAD, count: layout.byteCount / 2)
    words.withUnsafeMutableBytes { layout.write(matrix, units: 0..<1, to: $0) }
    return words
  }

  /// 3 rows of 18 columns: pieces are padded to 128 columns and 16 rows of zeros.
  @Test func piecesStandBehindEachOther() throws {
    let columns = 18
    var values = [Float](repeating: 0, count: 3 * columns)
    values[2 * columns + 17] = 0x1.010002p0
    values[5] = 1
    let words = try strip(HostTensor(name: "weight", format: .f32, shape: [3, columns], values: values))
    var expected = [UInt16](repeating: 0, count: 3 * 16 * 128)
    for (piece, bits) in [UInt16(0x3F80), 0x3F80, 0x3C00].enumerated() { expected[element(2, 17, piece: piece)] = bits }
    expected[element(0, 5, piece: 0)] = 0x3F80
    #expect(words == expected)
  }

  /// 1 + 2⁻¹⁰ in binary16: 2⁻¹⁰ · 2⁸ is 2⁻².
  @Test func binary16HasTwoPieces() throws {
    let values = [Float16(1 + 0x1p-10), -2].map(\.bitPattern)
    let words = try strip(HostTensor(name: "weight", format: .f16, shape: [1, 2], values: values))
    var expected = [UInt16](repeating: 0, count: 2 * 16 * 128)
    expected[element(0, 0, piece: 0)] = 0x3F80
    expected[element(0, 0, piece: 1)] = 0x3E80
    expected[element(0, 1, piece: 0)] = 0xC000
    expected[element(0, 1, piece: 1)] = 0x8000
    #expect(words == expected)
  }

  @Test func bf16StaysAsItIs() throws {
    let values: [UInt16] = [0x7F81, 0x0001, 0x3FFF]
    let words = try strip(HostTensor(name: "weight", format: .bf16, shape: [1, 3], values: values))
    var expected = [UInt16](repeating: 0, count: 16 * 16)
    for k in 0..<3 { expected[element(0, k, piece: 0)] = values[k] }
    #expect(words == expected)
  }

  @Test func weightsOfHeadsStayRows() throws {
    let tensor = HostTensor(name: "weight", format: .f32, shape: [1, 2], values: [Float(1), 2])
    let layout = WeightLayout(try MatrixSource(label: "weight", kind: .heads, parts: [[tensor]]), style: .mma)
    #expect(layout.style == .gpu && layout.unit == .row && layout.byteCount == 8)
  }
}
