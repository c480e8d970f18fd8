import Foundation

/// The table of rotary position embedding (Su et al. 2021, equation 34): [positions, headSize], for each position p the
/// cosines of p · θ^(−2i / headSize) for i < headSize / 2, then the sines.
///
/// Frequencies and angles are rounded to f32 as in Hugging Face transformers, on which the checkpoints were trained.
func rotaryTable(positions: Int, headSize: Int, theta: Double) -> [Float] {
  let half = headSize / 2
  let frequencies = (0..<half).map { Float(1 / pow(theta, Double(2 * $0) / Double(headSize))) }
  var table = [Float](repeating: 0, count: positions * headSize)
  for position in 0..<positions {
    for (i, frequency) in frequencies.enumerated() {
      let angle = Double(Float(position) * frequency)
      table[position * headSize + i] = Float(cos(angle))
      table[position * headSize + half + i] = Float(sin(angle))
    }
  }
  return table
}
