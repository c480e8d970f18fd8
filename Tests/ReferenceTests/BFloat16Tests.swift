import Backend
import TestSupport
import Testing

/// The values are IEEE 754's: a bfloat16 is a binary32 without its lower 16 bits, rounded to nearest, ties to even.
struct BFloat16Tests {
  @Test(
    arguments: [
      (0x3F80_0000, 0x3F80),  // 1
      (0x3F80_7FFF, 0x3F80),  // just under half way: down
      (0x3F80_8000, 0x3F80),  // half way, even below: down
      (0x3F80_8001, 0x3F81),  // just over half way: up
      (0x3F81_8000, 0x3F82),  // half way, odd below: up
      (0xBF81_8000, 0xBF82),  // the sign does not matter
      (0x3FFF_8000, 0x4000),  // the carry goes into the exponent
      (0x7F7F_FFFF, 0x7F80),  // the largest float is nearer to infinity
      (0x7F7F_7FFF, 0x7F7F),  // this one is not
      (0x7F80_0000, 0x7F80),  // infinity
      (0xFF80_0000, 0xFF80),
      (0x8000_0000, 0x8000),  // −0
      (0x0000_8001, 0x0001),  // a subnormal number
      (0x0000_8000, 0x0000),
    ] as [(UInt32, UInt16)])
  func valuesAreRoundedToNearestEven(bits: UInt32, expected: UInt16) {
    #expect(BFloat16.round(Float(bitPattern: bits)) == expected)
  }

  /// The payload of 0x7F800001 is in the lower half: it must not become infinity.
  @Test(arguments: [0x7F80_0001, 0x7FC0_0000, 0xFFFF_FFFF, 0xFF80_0001] as [UInt32])
  func notANumberStaysNotANumber(bits: UInt32) {
    let rounded = BFloat16.round(Float(bitPattern: bits))
    #expect(BFloat16.widen(rounded).isNaN)
    #expect(rounded >> 15 == UInt16(truncatingIfNeeded: bits >> 31))
  }

  @Test func wideningIsExact() {
    for bits in UInt16.min...UInt16.max {
      let value = BFloat16.widen(bits)
      #expect(value.bitPattern == UInt32(bits) << 16)
      if !value.isNaN { #expect(BFloat16.round(value) == bits) }
    }
  }

  /// Of the two bfloat16 around a float, the one that is chosen is not farther than the other.
  @Test func theNearestIsChosen() {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    for _ in 0..<10_000 {
      let value = Float(bitPattern: UInt32.random(in: 0..<0x7F00_0000, using: &random))
      let rounded = BFloat16.round(value)
      let below = UInt16(value.bitPattern >> 16)
      let error = abs(Double(BFloat16.widen(rounded)) - Double(value))
      for other in [below, below + 1] {
        #expect(error <= abs(Double(BFloat16.widen(other)) - Double(value)), "\(value), seed \(seed)")
      }
    }
  }
}
