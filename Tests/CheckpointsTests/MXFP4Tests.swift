import Backend
import Checkpoints
import Testing

/// The values of the OCP Microscaling Formats specification: 4-bit codes are sign, 2 bits of exponent, 1 of mantissa.
struct MXFP4Tests {
  private let codes: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6]

  /// One row of two blocks: all codes twice, times 2⁰, then times 2⁻³.
  @Test func codesAndScalesByHand() {
    let pairs: [UInt8] = [0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE]
    let bytes = pairs + pairs
    let blocks = HostTensor(name: "b", format: .u8, shape: [1, 2, 16], values: bytes + bytes)
    let scales = HostTensor(name: "s", format: .u8, shape: [1, 2], values: [UInt8(127), 124])
    let decoded = MXFP4.decode(blocks: blocks, scales: scales)
    #expect(decoded.shape == [1, 64] && decoded.format == .bf16)
    let expected = codes + codes + (codes + codes).map { $0 / 8 }
    #expect(decoded.floats().map(\.bitPattern) == expected.map(\.bitPattern))
  }

  /// Rows of gate and up projection take turns.
  @Test func everySecondRow() {
    let bytes = (0..<4).flatMap { [UInt8](repeating: UInt8($0) * 17, count: 16) }
    let blocks = HostTensor(name: "b", format: .u8, shape: [4, 1, 16], values: bytes)
    let scales = HostTensor(name: "s", format: .u8, shape: [4, 1], values: [UInt8](repeating: 128, count: 4))
    let odd = MXFP4.decode(blocks: blocks, scales: scales, from: 1, by: 2)
    #expect(odd.shape == [2, 32])
    #expect(odd.floats() == [Float](repeating: 1, count: 32) + [Float](repeating: 3, count: 32))
  }

  /// The least scale gives denormals, which bf16 holds; 255 is not a number.
  @Test func extremeScales() {
    let blocks = HostTensor(
      name: "b", format: .u8, shape: [2, 1, 16], values: [UInt8](repeating: 0x21, count: 32))
    let scales = HostTensor(name: "s", format: .u8, shape: [2, 1], values: [UInt8(0), 255])
    let decoded = MXFP4.decode(blocks: blocks, scales: scales).floats()
    #expect(decoded[0] == 0x1p-128 && decoded[1] == 0x1p-127)
    #expect(!decoded[32...].contains { !$0.isNaN })
  }
}
