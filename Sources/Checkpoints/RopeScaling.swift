/// How rotary positions are stretched beyond those that a model was first trained with.
package enum RopeScaling: Sendable, Equatable {
  case none
  /// All frequencies are divided by a factor (Chen et al. 2023).
  case linear(factor: Double)
  /// NTK-aware scaling that depends on a sequence's length: nothing changes up to the model's own context.
  case dynamic
  case yarn(Yarn)
  case llama3(Llama3)
  /// Each frequency is divided by a number of its own, as GGUF files give them (`rope_freqs`).
  case divided([Float])

  /// YaRN (Peng et al. 2023): high frequencies stay, low ones are divided, those between are mixed.
  package struct Yarn: Sendable, Equatable {
    package var factor: Double
    /// Rotations over the original context from which on a frequency stays, and below which it is divided.
    package var betaFast = 32.0
    package var betaSlow = 1.0
    /// Whether the ends of the range between are rounded to whole frequencies.
    package var truncates = true
    /// Positions of the original context.
    package var originalPositions: Double
    /// Multiplies cosines and sines.
    package var attentionFactor: Double
    /// DeepSeek's second scale, which attention's scores get squared; 1 where none is given.
    package var scoreFactor = 1.0
  }

  /// Llama 3.1's: wavelengths beyond a bound are stretched, those within another stay, those between are mixed.
  package struct Llama3: Sendable, Equatable {
    package var factor: Double
    package var lowFrequencyFactor: Double
    package var highFrequencyFactor: Double
    package var originalPositions: Double
  }
}
