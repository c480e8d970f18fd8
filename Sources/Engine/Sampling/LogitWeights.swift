/// Turns logits into shares that are not normalised: exp((logit - largest) / temperature); 0 for NaN, and for what is
/// below `least`.
struct LogitWeights {
  /// Finite; no logit is above it.
  let largest: Float
  private let scale: Double
  private let least: Double

  typealias Lanes = SIMD4<Double>

  init(largest: Float, temperature: Float, least: Float = 0) {
    self.largest = largest
    scale = 1 / Double(temperature)
    self.least = Double(least)
  }

  subscript(logit: Float) -> Double { weights(exponents(SIMD4(repeating: logit)))[0] }

  subscript(logits: SIMD4<Float>) -> Lanes { weights(exponents(logits)) }

  /// How far logits are below the largest one, in units of the temperature: 0 or less.
  func exponents(_ logits: SIMD4<Float>) -> Lanes { Lanes(logits - largest) * scale }

  func weights(_ exponents: Lanes) -> Lanes {
    let weights = Self.exponential(exponents)
    return weights.replacing(with: 0, where: .!(weights .>= least))
  }

  /// 1.5 · 2⁵²: what is added to it is rounded to a whole number, which its lowest bits then have.
  private static let rounder = 0x1.8p52
  /// ln 2 in two parts, the first of so few bits that its multiples are exact.
  private static let ln2 = (high: 0x1.62e42feep-1, low: 0x1.a39ef35793c76p-33)

  /// exp of numbers of 0 or less, to 2 units in the last place; 0 below -700, NaN for NaN.
  ///
  /// 2ⁿ · exp(r) with |r| ≤ ln(2) / 2, and 14 terms of the series of exp(r): the next is below 5 · 10⁻¹⁸.
  static func exponential(_ x: Lanes) -> Lanes {
    let shifted = x * 0x1.71547652b82fep0 + rounder
    let power = shifted - rounder
    let rest = x - power * ln2.high - power * ln2.low
    var sum = rest * 0x1.6124613a86d09p-33 + 0x1.1eed8eff8d898p-29
    sum = sum * rest + 0x1.ae64567f544e4p-26
    sum = sum * rest + 0x1.27e4fb7789f5cp-22
    sum = sum * rest + 0x1.71de3a556c734p-19
    sum = sum * rest + 0x1.a01a01a01a01ap-16
    sum = sum * rest + 0x1.a01a01a01a01ap-13
    sum = sum * rest + 0x1.6c16c16c16c17p-10
    sum = sum * rest + 0x1.1111111111111p-7
    sum = sum * rest + 0x1.5555555555555p-5
    sum = sum * rest + 0x1.5555555555555p-3
    sum = sum * rest + 0.5
    sum = sum * rest + 1
    sum = sum * rest + 1
    let exponent = unsafeBitCast(shifted, to: SIMD4<Int64>.self) &<< 52
    let result = unsafeBitCast(unsafeBitCast(sum, to: SIMD4<Int64>.self) &+ exponent, to: Lanes.self)
    return result.replacing(with: 0, where: x .< -700)
  }
}
