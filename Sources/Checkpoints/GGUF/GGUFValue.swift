/// The types of metadata values, by their numbers in the format's specification.
enum GGUFType: UInt32 {
  case u8, i8, u16, i16, u32, i32, f32, bool, string, array, u64, i64, f64

  /// Bytes of a value; nil where they differ.
  var byteCount: Int? {
    switch self {
    case .u8, .i8, .bool: 1
    case .u16, .i16: 2
    case .u32, .i32, .f32: 4
    case .u64, .i64, .f64: 8
    case .string, .array: nil
    }
  }

  var name: String { "\(self)" }
}

/// A metadata value of a GGUF file. Arrays stay in the file: their elements are read when they are asked for.
enum GGUFValue: Sendable {
  /// Of any integer type; those above `Int.max` as `unsigned`.
  case int(Int)
  case unsigned(UInt64)
  case double(Double)
  case bool(Bool)
  case string(String)
  case array(GGUFArray)

  /// The value in a few words, for messages.
  var summary: String {
    switch self {
    case .int(let value): "\(value)"
    case .unsigned(let value): "\(value)"
    case .double(let value): "\(value)"
    case .bool(let value): "\(value)"
    case .string(let value): quotedShort(value)
    case .array(let array): "a list of \(array.count)"
    }
  }
}

/// The checked elements of an array, still in the file.
struct GGUFArray: Sendable {
  let type: GGUFType
  let count: Int
  /// Where the elements begin.
  let start: Int
  let file: MappedFile

  /// The elements if they are strings.
  var strings: [String]? {
    guard type == .string else { return nil }
    var reader = GGUFReader(file, at: start)
    var strings: [String] = []
    strings.reserveCapacity(count)
    for _ in 0..<count {
      guard let string = try? reader.string("") else { return nil }
      strings.append(string)
    }
    return strings
  }

  /// The elements if they are numbers: integers of at most 32 bits exactly, others rounded.
  var floats: [Float]? {
    guard type != .string, type != .array, type != .bool else { return nil }
    return elements { reader in
      switch try? reader.scalar(type, "") {
      case .int(let value): Float(value)
      case .unsigned(let value): Float(value)
      case .double(let value): Float(value)
      default: nil
      }
    }
  }

  /// The elements if they are integers that fit.
  var int32s: [Int32]? {
    guard type.byteCount != nil, type != .f32, type != .f64, type != .bool else { return nil }
    return elements { reader in
      if case .int(let value) = try? reader.scalar(type, "") { Int32(exactly: value) } else { nil }
    }
  }

  /// The elements if they are booleans.
  var bools: [Bool]? {
    guard type == .bool else { return nil }
    return elements { reader in
      if case .bool(let value) = try? reader.scalar(.bool, "") { value } else { nil }
    }
  }

  private func elements<T>(_ element: (inout GGUFReader) -> T?) -> [T]? {
    var reader = GGUFReader(file, at: start)
    var elements: [T] = []
    elements.reserveCapacity(count)
    for _ in 0..<count {
      guard let next = element(&reader) else { return nil }
      elements.append(next)
    }
    return elements
  }
}
