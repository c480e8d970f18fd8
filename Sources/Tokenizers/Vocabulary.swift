/// The tokens of a tokenizer: spelling ↔ id, and the bytes that each stands for.
struct Vocabulary: Sendable {
  /// Ids above this are refused, so that a wrong file cannot ask for tables of gigabytes.
  static let highestID: Int32 = 4_194_303

  /// Ids by spelling (UTF-8), added tokens included.
  private(set) var ids: [[UInt8]: Int32]
  /// The id of each one-byte token, or -1.
  private(set) var byteIDs: [Int32]

  /// By id: what decoding skips as special.
  private var special: [Bool]
  private var spellings: PackedBytes
  private var contents: PackedBytes

  /// A token on the way into the table.
  struct Entry {
    var spelling: [UInt8]
    var isSpecial: Bool
  }

  /// `entries` by id; `ids` from spelling to id.
  init(ids: [[UInt8]: Int32], entries: [Entry?]) {
    self.ids = ids
    byteIDs = (UInt8.min...UInt8.max).map { ids[ByteAlphabet.spelling(of: $0)] ?? -1 }
    special = entries.map { $0?.isSpecial ?? false }
    spellings = PackedBytes(entries.map { $0?.spelling })
    // A spelling with a character outside the alphabet stands for itself.
    contents = PackedBytes(entries.map { entry in entry.map { ByteAlphabet.bytes(of: $0.spelling) ?? $0.spelling } })
  }

  /// The highest id + 1.
  var count: Int { special.count }

  /// The token that is spelled with just these bytes.
  func id(ofBytes bytes: ArraySlice<UInt8>) -> Int32? {
    ids[bytes.flatMap(ByteAlphabet.spelling)]
  }

  func isSpecial(_ id: Int32) -> Bool {
    id >= 0 && Int(id) < special.count && special[Int(id)]
  }

  /// The token as the file spells it, or nil for an id without token.
  func spelling(of id: Int32) -> ArraySlice<UInt8>? { spellings[id] }

  /// The bytes that the token adds to a text, or nil for an id without token.
  func content(of id: Int32) -> ArraySlice<UInt8>? { contents[id] }
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
