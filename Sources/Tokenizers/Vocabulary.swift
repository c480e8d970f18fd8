/// The tokens of a tokenizer: spelling ↔ id, and the bytes that each stands for.
struct Vocabulary: Sendable {
  /// Ids above this are refused, so that a wrong file cannot ask for tables of gigabytes.
  static let highestID: Int32 = 4_194_303

  /// Ids by spelling (UTF-8), added tokens included.
  private(set) var ids: [[UInt8]: Int32]
  /// By id: what decoding skips as special.
  private var special: [Bool]
  private var spellings: PackedBytes
  private var contents: PackedBytes
  /// By id, the byte that a token of byte fallback stands for.
  private var bytes: [Int32: UInt8] = [:]

  /// A token on the way into the table.
  struct Entry {
    var spelling: [UInt8]
    var isSpecial: Bool
  }

  /// `entries` by id; `ids` from spelling to id.
  init(ids: [[UInt8]: Int32], entries: [Entry?], decoder: TokenDecoder) {
    self.ids = ids
    special = entries.map { $0?.isSpecial ?? false }
    spellings = PackedBytes(entries.map { $0?.spelling })
    contents = PackedBytes(entries.map { $0.map { decoder.content(of: $0.spelling) } })
    guard decoder.hasByteFallback else { return }
    for (id, entry) in entries.enumerated() {
      if let entry, let byte = decoder.byte(of: entry.spelling) { bytes[Int32(id)] = byte }
    }
  }

  /// The highest id + 1.
  var count: Int { special.count }

  func isSpecial(_ id: Int32) -> Bool {
    id >= 0 && Int(id) < special.count && special[Int(id)]
  }

  /// The token as the file spells it, or nil for an id without token.
  func spelling(of id: Int32) -> ArraySlice<UInt8>? { spellings[id] }

  /// The bytes that the token adds to a text, or nil for an id without token.
  func content(of id: Int32) -> ArraySlice<UInt8>? { contents[id] }

  /// The byte that a token of byte fallback stands for.
  func byte(of id: Int32) -> UInt8? { bytes.isEmpty ? nil : bytes[id] }
}

/// Byte strings by number in one array.
private struct PackedBytes: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int] = []
  private var present: [Bool] = []

  init(_ strings: [[UInt8]?]) {
    ends.reserveCapacity(strings.count)
    for string in strings {
      bytes += string ?? []
      ends.append(bytes.count)
      present.append(string != nil)
    }
  }

  subscript(_ id: Int32) -> ArraySlice<UInt8>? {
    guard id >= 0, Int(id) < present.count, present[Int(id)] else { return nil }
    return bytes[(id == 0 ? 0 : ends[Int(id) - 1])..<ends[Int(id)]]
  }
}
