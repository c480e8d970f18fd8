/// What products take their activations as, by the weights that they meet: f32, but for what is in the set.
package struct ActivationPrecision: OptionSet, Sendable, Hashable {
  package let rawValue: UInt8

  package init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Nothing is rounded.
  package static let float32: Self = []
  /// Weights in blocks meet integers of eight bits, with a scale for each 32 of them: `ActivationCodes`.
  package static let int8 = Self(rawValue: 1)
  /// Weights in bf16 meet bf16: `BFloat16.round`.
  package static let bf16 = Self(rawValue: 2)

  private static let names: [(String, Self)] = [("int8", int8), ("bf16", bf16)]
  private static let unrounded = "f32"

  /// Such as `f32`, or `int8,bf16`.
  package var name: String {
    isEmpty ? Self.unrounded : Self.names.filter { contains($0.1) }.map(\.0).joined(separator: ",")
  }

  /// What `name` gives for each.
  package static let allNames = [float32, int8, bf16, [int8, bf16]].map(\.name)

  /// - Parameter name: names separated by commas, in any order.
  package init?(name: String) {
    self = []
    guard name != Self.unrounded else { return }
    for part in name.split(separator: ",", omittingEmptySubsequences: false) {
      guard let known = Self.names.first(where: { $0.0 == part }) else { return nil }
      formUnion(known.1)
    }
  }

  /// What a product of weights in this format takes.
  package func form(for format: ElementFormat) -> ActivationForm {
    if format.block != nil { return contains(.int8) ? .int8 : .float32 }
    return format == .bf16 && contains(.bf16) ? .bf16 : .float32
  }
}

/// What a product takes its activations as.
package enum ActivationForm: Sendable, Hashable, CaseIterable {
  case float32, int8, bf16

  /// What `values` become, as f32.
  package func rounded(_ values: some Collection<Float>) -> [Float] {
    switch self {
    case .float32: Array(values)
    case .int8: ActivationCodes.rounded(values)
    case .bf16: values.map { BFloat16.widen(BFloat16.round($0)) }
    }
  }
}
