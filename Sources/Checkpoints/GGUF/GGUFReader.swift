import JSON

/// Reads the values of a GGUF file one after the other; nothing is read outside of the file.
struct GGUFReader {
  let file: MappedFile
  private(set) var position: Int
  /// Arrays in arrays that are followed.
  private static let deepest = 4
  /// Bytes of a key or of a tensor's name, as the specification has it.
  static let longestName = 65_535

  init(_ file: MappedFile, at position: Int) {
    self.file = file
    self.position = position
  }

  var remaining: Int { file.bytes.count - position }

  func error(_ what: String, _ problem: String) -> CheckpointError {
    CheckpointError("\(file.path): \(what): \(problem)")
  }

  /// The little-endian integer or its bits at the position.
  mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_ what: String, as: T.Type = T.self)
    throws(CheckpointError) -> T
  {
    let size = MemoryLayout<T>.size
    guard remaining >= size else { throw error(what, "the file ends at byte \(file.bytes.count), in the middle of it") }
    defer { position += size }
    return T(littleEndian: file.bytes.loadUnaligned(fromByteOffset: position, as: T.self))
  }

  /// A count of things, each of at least `least` bytes, that can be in the rest of the file.
  mutating func count(_ what: String, least: Int, most: Int = .max) throws(CheckpointError) -> Int {
    let count: UInt64 = try integer(what)
    guard count <= UInt64(most) else { throw error(what, "found \(count), expected at most \(most)") }
    guard count <= UInt64(remaining / least) else {
      throw error(what, "found \(count), more than fit into the \(remaining) bytes behind it")
    }
    return Int(count)
  }

  mutating func string(_ what: String, longest: Int = .max) throws(CheckpointError) -> String {
    let length = try count("\(what): length", least: 1)
    guard length <= longest else { throw error(what, "found \(length) bytes, expected at most \(longest)") }
    let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[position..<position + length])
    guard let string = String(validating: bytes, as: UTF8.self) else { throw error(what, "it is not UTF-8") }
    position += length
    return string
  }

  mutating func skip(_ byteCount: Int) { position += byteCount }

  /// A value of `type`, which is no array.
  mutating func scalar(_ type: GGUFType, _ what: String) throws(CheckpointError) -> GGUFValue {
    switch type {
    case .u8: return .int(Int(try integer(what, as: UInt8.self)))
    case .i8: return .int(Int(try integer(what, as: Int8.self)))
    case .u16: return .int(Int(try integer(what, as: UInt16.self)))
    case .i16: return .int(Int(try integer(what, as: Int16.self)))
    case .u32: return .int(Int(try integer(what, as: UInt32.self)))
    case .i32: return .int(Int(try integer(what, as: Int32.self)))
    case .i64: return .int(Int(try integer(what, as: Int64.self)))
    case .u64:
      let value = try integer(what, as: UInt64.self)
      return Int(exactly: value).map { .int($0) } ?? .unsigned(value)
    case .f32: return .double(Double(Float(bitPattern: try integer(what))))
    case .f64: return .double(Double(bitPattern: try integer(what)))
    case .bool:
      let byte = try integer(what, as: UInt8.self)
      guard byte < 2 else { throw error(what, "found \(byte), expected 0 or 1 for a boolean") }
      return .bool(byte == 1)
    case .string: return .string(try string(what))
    case .array: throw error(what, "found an array, expected a single value")
    }
  }

  /// A type's number and the value behind it.
  mutating func value(_ what: String) throws(CheckpointError) -> GGUFValue {
    let type = try type(what)
    return type == .array ? .array(try array(what, depth: 1)) : try scalar(type, what)
  }

  private mutating func type(_ what: String) throws(CheckpointError) -> GGUFType {
    let number: UInt32 = try integer("\(what): type")
    guard let type = GGUFType(rawValue: number) else {
      throw error(what, "found type \(number), expected 0 to 12")
    }
    return type
  }

  /// An array, every element of which is checked, and none kept.
  private mutating func array(_ what: String, depth: Int) throws(CheckpointError) -> GGUFArray {
    let type = try type(what)
    let count = try count("\(what): count", least: type.byteCount ?? (type == .string ? 8 : 12))
    let array = GGUFArray(type: type, count: count, start: position, file: file)
    if let size = type.byteCount, type != .bool {
      position += count * size
    } else if type == .array {
      guard depth < Self.deepest else { throw error(what, "arrays are nested deeper than \(Self.deepest)") }
      for _ in 0..<count { _ = try self.array(what, depth: depth + 1) }
    } else {
      for _ in 0..<count { _ = try scalar(type, what) }
    }
    return array
  }
}

/// A string for a message, cut where it is long.
func quotedShort(_ text: String) -> String { quoted(text.count > 60 ? String(text.prefix(60)) + "…" : text) }
