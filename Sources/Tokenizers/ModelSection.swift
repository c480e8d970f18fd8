/// The field `model` of a `tokenizer.json`: a byte-pair encoding over the byte-level alphabet.
struct ModelSection {
  /// Ids by spelling (UTF-8).
  private(set) var ids: [[UInt8]: Int32] = [:]
  private(set) var merges = BytePairMerges()
  let ignoresMerges: Bool

  init(_ field: JSONField) throws(TokenizerError) {
    // The oldest files have no type; they are told from other models by having merges.
    if case .object(let members) = field.value, members.contains(where: { $0.key.elementsEqual("type".utf8) }) {
      let type = try field.required("type")
      guard try type.string() == "BPE" else {
        throw type.error("\(type.value.kind) is not supported, expected \"BPE\"")
      }
    }
    ignoresMerges = try field.flag("ignore_merges", default: false)
    try Self.refuseOptions(field)
    try readVocabulary(field.required("vocab"))
    try checkUnknownToken(field)
    try readMerges(field.required("merges"))
  }

  private static func refuseOptions(_ field: JSONField) throws(TokenizerError) {
    if let dropout = try field.optional("dropout"), try dropout.number() != 0 {
      throw dropout.error("dropout is not supported, expected null or 0")
    }
    for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
      if let text = try field.optional(key), try !text.bytes().isEmpty {
        throw text.error("found \(text.value.kind), which is not supported; expected null or an empty string")
      }
    }
    if try field.flag("byte_fallback", default: false) {
      throw try field.required("byte_fallback").error("byte fallback is not supported, expected false")
    }
    _ = try field.flag("fuse_unk", default: false)
  }

  /// An unknown token is never used when each byte has its token, so then it does no harm.
  private func checkUnknownToken(_ field: JSONField) throws(TokenizerError) {
    guard let unknown = try field.optional("unk_token") else { return }
    _ = try unknown.bytes()
    for byte in UInt8.min...UInt8.max where ids[ByteAlphabet.spelling(of: byte)] == nil {
      let hexadecimal = String(byte, radix: 16, uppercase: true)
      throw unknown.error(
        "unknown tokens are not supported, and the vocabulary has no token for the byte \(hexadecimal)")
    }
  }

  private mutating func readVocabulary(_ field: JSONField) throws(TokenizerError) {
    let members = try field.members()
    ids.reserveCapacity(members.count)
    for (spelling, value) in members {
      guard case .integer(let number) = value, let id = Int32(exactly: number), (0...Vocabulary.highestID).contains(id)
      else {
        throw field.error(
          "the token \(quoted(spelling)) has \(value.kind), expected an id from 0 to \(Vocabulary.highestID)")
      }
      ids[spelling] = id
    }
    if ids.isEmpty { throw field.error("no tokens") }
    var owners = [Int32: [UInt8]](minimumCapacity: ids.count)
    for (spelling, id) in ids {
      if let other = owners.updateValue(spelling, forKey: id) {
        let names = [quoted(other), quoted(spelling)].sorted()
        throw field.error("the tokens \(names[0]) and \(names[1]) both have the id \(id)")
      }
    }
  }

  private mutating func readMerges(_ field: JSONField) throws(TokenizerError) {
    let values = try field.values()
    merges.reserveCapacity(values.count)
    var rank: Int32 = 0
    for (index, value) in values.enumerated() {
      func error(_ problem: String) -> TokenizerError {
        TokenizerError(source: field.source, field: "\(field.path)[\(index)]", problem: problem)
      }
      let left: ArraySlice<UInt8>
      let right: ArraySlice<UInt8>
      switch value {
      case .string(let text):
        if text.starts(with: "#version".utf8) { continue }
        let parts = text.split(separator: 0x20, omittingEmptySubsequences: false)
        guard parts.count == 2 else { throw error("found \(value.kind), expected two tokens with a space between") }
        (left, right) = (parts[0], parts[1])
      case .array(let pair):
        guard pair.count == 2, case .string(let first) = pair[0], case .string(let second) = pair[1] else {
          throw error("found another array, expected one of two tokens")
        }
        (left, right) = (first[...], second[...])
      default: throw error("found \(value.kind), expected two tokens")
      }
      func id(_ token: [UInt8]) throws(TokenizerError) -> Int32 {
        guard let id = ids[token] else { throw error("the token \(quoted(token)) is not in model.vocab") }
        return id
      }
      try merges.add(id(Array(left)), id(Array(right)), rank: rank, result: id(Array(left) + Array(right)))
      rank += 1
    }
  }
}
