import Checkpoints
import Foundation

/// The table of rotary position embedding (Su et al. 2021, equation 34): [positions, columns], for each position p the
/// cosines of p · frequency i for i < columns / 2, then the sines.
///
/// Frequencies and angles are rounded to f32 as in Hugging Face transformers, on which the checkpoints were trained.
func rotaryTable(positions: Int, columns: Int, _ rope: RopeConfiguration) -> [Float] {
  let half = columns / 2
  let frequencies = rotaryFrequencies(columns: columns, rope)
  let factor = if case .yarn(let yarn) = rope.scaling { yarn.attentionFactor } else { 1.0 }
  var table = [Float](repeating: 0, count: positions * columns)
  for position in 0..<positions {
    for (i, frequency) in frequencies.enumerated() {
      let angle = Double(Float(position) * frequency)
      table[position * columns + i] = Float(cos(angle) * factor)
      table[position * columns + half + i] = Float(sin(angle) * factor)
    }
  }
  return table
}

/// θ^(−2i / columns), stretched as the scaling says.
func rotaryFrequencies(columns: Int, _ rope: RopeConfiguration) -> [Float] {
  let plain = (0..<columns / 2).map { 1 / pow(rope.theta, Double(2 * $0) / Double(columns)) }
  switch rope.scaling {
  case .none, .dynamic: return plain.map(Float.init)
  case .linear(let factor): return plain.map { Float($0 / factor) }
  case .divided(let divisors): return zip(plain, divisors).map { Float($0 / Double($1)) }
  case .llama3(let scaling): return plain.map { Float(scaling.stretched($0)) }
  case .yarn(let yarn):
    let mixed = yarn.range(columns: columns, theta: rope.theta)
    return plain.enumerated().map { i, frequency in
      let share = min(max((Double(i) - mixed.low) / (mixed.high - mixed.low), 0), 1)
      return Float(frequency / yarn.factor * share + frequency * (1 - share))
    }
  }
}

extension RopeScaling.Yarn {
  /// Between which frequencies, by index, the divided ones come in (Peng et al. 2023, section 3.2).
  fileprivate func range(columns: Int, theta: Double) -> (low: Double, high: Double) {
    func index(rotations: Double) -> Double {
      Double(columns) * log(originalPositions / (rotations * 2 * .pi)) / (2 * log(theta))
    }
    var (low, high) = (index(rotations: betaFast), index(rotations: betaSlow))
    if truncates { (low, high) = (low.rounded(.down), high.rounded(.up)) }
    low = max(low, 0)
    high = min(high, Double(columns - 1))
    // As transformers has it, so that the ramp is a step.
    return (low, high == low ? high + 0.001 : high)
  }
}
