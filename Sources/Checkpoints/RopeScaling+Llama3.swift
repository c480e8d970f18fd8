import Foundation

extension RopeScaling.Llama3 {
  /// The frequency, in radians a position, that takes the place of `frequency`.
  package func stretched(_ frequency: Double) -> Double {
    let wavelength = 2 * .pi / frequency
    if wavelength > originalPositions / lowFrequencyFactor { return frequency / factor }
    if wavelength < originalPositions / highFrequencyFactor { return frequency }
    let share =
      (originalPositions / wavelength - lowFrequencyFactor) / (highFrequencyFactor - lowFrequencyFactor)
    return (1 - share) * frequency / factor + share * frequency
  }

  /// What each of the frequencies θ^(−2i / columns) is divided by.
  package func divisors(columns: Int, theta: Double) -> [Float] {
    (0..<columns / 2).map {
      let frequency = 1 / pow(theta, Double(2 * $0) / Double(columns))
      return Float(frequency / stretched(frequency))
    }
  }
}
