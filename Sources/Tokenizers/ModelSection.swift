import JSON

/// The field `model` of a `tokenizer.json`: a byte-pair encoding.
struct ModelSection {
  /// Ids by spelling (UTF-8).
  private(set) var ids: [[UInt8]: Int32] = [:]
  private(set) var merges = BytePairMerges()
  let ignoresMerges: Bool
  /// Whether a character without a token becomes tokens of its bytes, spelled `<0x0A>`.
  let hasByteFallback: Bool
  /// What stands for a character without a token.
  private(set) var unknown: Int32?
  /// The field that names it, where the vocabulary has no such token.
  private(set) var missingUnknown: JSONField?
  /// Whether neighbouring unknown characters are one token.
  let fusesUnknown: Bool

  init(_ field: JSONField) throws(TokenizerError) {
    // The oldest files have no type; they are told from other models by having merges.
    if case .object(let members) = field.value, members["type"] != nil {
      let type = try field.required("type")
      guard try type.string() == "BPE" else {
        throw type.error("\(type.value.kind) is not supported, expected \"BPE\"")
      }
    }
    ignoresMerges = try field.flag("ignore_merges", default: false)
    hasByteFallback = try field.flag("byte_fallback", default: false)
    fusesUnknown = try field.flag("fuse_unk", default: false)
    try Self.refuseOptions(field)
    try readVocabulary(field.required("vocab"))
    if let token = try field.optional("unk_token") {
      unknown = ids[try token.bytes()]
      if unknown == nil { missingUnknown = token }
    }
    try readMerges(field.required("merges"))
  }

  private static func refuseOptions(_ field: JSONField) throws(TokenizerError) {
    if let dropout = try field.optional("dropout"), try dropout.number() != 0 {
      throw dropout.error("dropout is not supported, expected null or 0")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let text = try field.optional(key), try !text.bytes().isEmpty {
        throw text.error(
          "found \(text.value.kind), which is not supported; expected null or an empty string")
      }
    }
  }

  private mutating func readVocabulary(_ field: JSONField) throws(TokenizerError) {
    let members = try field.members()
    ids.reserveCapacity(members.count)
    // Ids may have gaps, but tables are as long as the highest, so a small file must not have a high one.
    let highest = min(Vocabulary.highestID, Int32(clamping: 2 * members.count + 1024))
    // By id: the place in `members` of the token that has it, or -1.
    var owners: [Int] = []
    for (place, member) in members.enumerated() {
      let spelling = member.name.bytes
      guard case .int(let number) = member.value, let id = Int32(exactly: number), (0...highest).contains(id) else {
        throw field.error("the token \(quoted(spelling)) has \(member.value.kind), expected an id from 0 to \(highest)")
      }
      if number >= owners.count { owners += repeatElement(-1, count: number + 1 - owners.count) }
      if owners[number] >= 0 {
        let other = members[owners[number]].name.text
        throw field.error("the tokens \(quoted(other)) and \(quoted(spelling)) both have the id \(id)")
      }
      owners[number] = place
      ids[spelling] = id
    }
    if ids.isEmpty { throw field.error("no tokens") }
  }

  private mutating func readMerges(_ field: JSONField) throws(TokenizerError) {
    let values = try field.values()
    merges.reserveCapacity(values.count)
    var rank: Int32 = 0
    for (index, value) in values.enumerated() {
      func error(_ problem: String) -> TokenizerError {
        TokenizerError(source: field.source, field: "\(field.path)[\(index)]", problem: problem)
      }
      let left: [UInt8]
      let right: [UInt8]
      switch value {
      case .string(let text):
        let bytes = text.bytes
        if bytes.starts(with: "#version".utf8) { continue }
        guard let space = bytes.firstIndex(of: 0x20), !bytes[(space + 1)...].contains(0x20) else {
          throw error("found \(value.kind), expected two tokens with a space between")
        }
        (left, right) = (Array(bytes[..<space]), Array(bytes[(space + 1)...]))
      case .array(let pair):
        guard pair.count == 2, case .string(let first) = pair[0], case .string(let second) = pair[1]
        else {
          throw error("found another array, expected one of two tokens")
        }
        (left, right) = (first.bytes, second.bytes)
      default: throw error("found \(value.kind), expected two tokens")
      }
      func id(_ token: [UInt8]) throws(TokenizerError) -> Int32 {
        guard let id = ids[token] else {
          throw error("the token \(quoted(token)) is not in model.vocab")
        }
        return id
      }
      try merges.add(id(left), id(right), rank: rank, result: id(left + right))
      rank += 1
    }
  }
}
