/// How the elements of a tensor are stored, in memory or in a file.
package enum ElementFormat: String, Sendable, CaseIterable, Codable {
  case bool = "BOOL"
  case u8 = "U8"
  case i8 = "I8"
  case f8e4m3 = "F8_E4M3"
  case f8e5m2 = "F8_E5M2"
  case f8e8m0 = "F8_E8M0"
  case i16 = "I16"
  case u16 = "U16"
  case f16 = "F16"
  case bf16 = "BF16"
  case i32 = "I32"
  case u32 = "U32"
  case f32 = "F32"
  case f64 = "F64"
  case i64 = "I64"
  case u64 = "U64"
  // Those of blocks, by their names in GGUF.
  case q80 = "Q8_0"
  case q40 = "Q4_0"
  case q41 = "Q4_1"
  case q50 = "Q5_0"
  case q51 = "Q5_1"
  case q4K = "Q4_K"
  case q5K = "Q5_K"
  case q6K = "Q6_K"
  case iq4NL = "IQ4_NL"
  case iq4XS = "IQ4_XS"
  case mxfp4 = "MXFP4"

  /// As people write it: f32, bf16, and formats of blocks as in GGUF, such as Q8_0.
  package var name: String { block == nil ? rawValue.lowercased() : rawValue }

  /// The format with this name, in any case, with or without underscores: Q4_K, q4k; nil if there is none.
  package init?(name: String) {
    func plain(_ text: String) -> String { text.lowercased().replacing("_", with: "") }
    guard let found = Self.allCases.first(where: { plain($0.rawValue) == plain(name) }) else { return nil }
    self = found
  }

  /// The names of those that weights can have, in the order of `weights`.
  package static func names(_ formats: Set<ElementFormat>) -> [String] { weights.filter(formats.contains).map(\.name) }

  /// Bytes of one element, or of one block of elements.
  package var byteCount: Int {
    switch self {
    case .bool, .u8, .i8, .f8e4m3, .f8e5m2, .f8e8m0: 1
    case .i16, .u16, .f16, .bf16: 2
    case .i32, .u32, .f32: 4
    case .f64, .i64, .u64: 8
    default: block?.byteCount ?? 0
    }
  }

  /// Elements of a block, which is one row's or a part of it; 1 where elements stand alone.
  package var blockElements: Int { block?.elementCount ?? 1 }

  /// Whether a product can have weights in this format.
  package var isWeight: Bool {
    switch self {
    case .f32, .f16, .bf16: true
    default: block != nil
    }
  }

  /// Bytes of a row of `columns` elements, whole blocks.
  package func rowBytes(_ columns: Int) -> Int { columns / blockElements * byteCount }

  /// What stands alone, element by element.
  package static var plain: [ElementFormat] { allCases.filter { $0.block == nil } }
  /// What weights of a product can be.
  package static var weights: [ElementFormat] { allCases.filter(\.isWeight) }
}

/// bfloat16: the upper half of an IEEE 754 binary32.
package enum BFloat16 {
  /// The f32 with the same value; exact.
  @inlinable package static func widen(_ bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

  /// The nearest bfloat16, ties to even; NaN stays NaN.
  @inlinable package static func round(_ value: Float) -> UInt16 {
    if value.isNaN { return UInt16(truncatingIfNeeded: value.bitPattern >> 16) | 0x0040 }
    let bits = value.bitPattern
    return UInt16(truncatingIfNeeded: (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16)
  }
}
