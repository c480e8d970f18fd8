import Backend

/// Tensor types by their numbers in `ggml.h`: those that can be read, and the names of the others for messages.
enum GGUFTensorType {
  private static let formats: [UInt32: ElementFormat] = [
    0: .f32, 1: .f16, 2: .q40, 3: .q41, 6: .q50, 7: .q51, 8: .q80, 12: .q4K, 13: .q5K, 14: .q6K, 20: .iq4NL, 23: .iq4XS,
    24: .i8, 25: .i16, 26: .i32, 27: .i64, 28: .f64, 30: .bf16, 39: .mxfp4,
  ]

  private static let others: [UInt32: String] = [
    9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 21: "IQ3_S",
    22: "IQ2_S", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 40: "NVFP4",
  ]

  static func format(_ number: UInt32) -> ElementFormat? { formats[number] }

  static func number(_ format: ElementFormat) -> UInt32? { formats.first { $0.value == format }?.key }

  static func name(_ number: UInt32) -> String { others[number].map { "\($0) (\(number))" } ?? "\(number)" }

  static var names: String { formats.sorted { $0.key < $1.key }.map(\.value.rawValue).joined(separator: ", ") }
}
