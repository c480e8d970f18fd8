import Checkpoints
import Foundation
import TestSupport
import Testing

@testable import Models

/// Frequencies of heads of 16, from Hugging Face transformers 5.24's `ROPE_INIT_FUNCTIONS`.
struct RotaryTests {
  private static let llama3 =
    #"{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 64}"#
  private static let gptOSS =
    #"{"rope_type": "yarn", "factor": 32, "beta_fast": 32.0, "beta_slow": 1.0, "truncate": false, "original_max_position_embeddings": 4096}"#
  private static let yarn = #"{"type": "yarn", "factor": 32, "original_max_position_embeddings": 4096}"#
  private static let deepSeek =
    #"{"type": "yarn", "factor": 40, "mscale": 0.707, "mscale_all_dim": 0.5, "original_max_position_embeddings": 128}"#

  private static let expected: [(scaling: String, theta: Double, frequencies: [Double])] = [
    (
      #"{"type": "linear", "factor": 2.5}"#, 10_000.0,
      [
        0.400000006, 0.1264911, 0.0399999991, 0.0126491114, 0.00399999972, 0.00126491114, 0.000400000019,
        0.000126491112,
      ]
    ),
    (
      #"{"type": "dynamic", "factor": 2.5}"#, 10_000,
      [1.0, 0.316227764, 0.100000001, 0.0316227786, 0.00999999978, 0.00316227786, 0.00100000005, 0.000316227786]
    ),
    (
      llama3, 10_000,
      [1.0, 0.244384587, 0.0130422562, 0.00395284733, 0.00124999997, 0.000395284733, 0.000125000006, 3.95284733e-05]
    ),
    (
      gptOSS, 150_000,
      [1.0, 0.225418001, 0.0508132726, 0.00679495931, 0.000456483918, 1.8188337e-05, 4.09997847e-06, 9.24208962e-07]
    ),
    (
      yarn, 150_000,
      [1.0, 0.225418001, 0.0508132726, 0.00775546534, 0.000914454344, 1.8188337e-05, 4.09997847e-06, 9.24208962e-07]
    ),
    (
      deepSeek, 10_000,
      [1.0, 0.213453725, 0.0349999964, 0.000790569466, 0.000250000012, 7.90569466e-05, 2.49999994e-05, 7.90569447e-06]
    ),
  ]

  @Test(arguments: expected)
  func frequenciesAreHuggingFaces(scaling: String, theta: Double, expected: [Double]) throws {
    let found = try rotaryFrequencies(columns: 16, rope(scaling, theta: theta))
    #expect(found.count == expected.count)
    for (a, b) in zip(found, expected) { #expect(abs(Double(a) / b - 1) < 1e-6, "\(a), expected \(b)") }
  }

  /// 0.1 · ln 32 + 1, and for DeepSeek the ratio of that with either multiplier.
  private static let factors: [(scaling: String, factor: Double)] = [
    (gptOSS, 1.3465735902799727), (deepSeek, 1.064468903941252), (llama3, 1),
  ]

  @Test(arguments: factors)
  func cosinesCarryTheAttentionFactor(scaling: String, factor: Double) throws {
    let table = try rotaryTable(positions: 1, columns: 16, rope(scaling, theta: 10_000))
    #expect(table.count == 16 && table[8...].allSatisfy { $0 == 0 })
    for cosine in table[..<8] { #expect(abs(Double(cosine) - factor) < 1e-6) }
  }

  private func rope(_ scaling: String, theta: Double) throws -> RopeConfiguration {
    let text = #"{"rope_theta": \#(theta), "max_position_embeddings": 512, "rope_scaling": \#(scaling)}"#
    return try RopeConfiguration(JSONObject(data: Data(text.utf8), source: "test.json"))
  }
}
