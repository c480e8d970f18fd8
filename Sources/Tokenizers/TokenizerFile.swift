import Foundation
import JSON

/// What a `tokenizer.json` says, checked and put into the forms that encoding and decoding use.
struct TokenizerFile {
  let vocabulary: Vocabulary
  let merges: BytePairMerges
  /// A word that is a token as a whole is taken as it is.
  let ignoresMerges: Bool
  let normalises: Bool
  let preTokenizer: PreTokenizer
  let template: Template
  /// Added tokens looked for in the text as it came.
  let rawTokens: AddedTokenMatcher
  /// Added tokens looked for in the normalised text.
  let normalisedTokens: AddedTokenMatcher

  init(json: Data, source: String) throws(TokenizerError) {
    let root: JSONField
    do {
      root = JSONField(value: try JSONParser.parse(Array(json)), path: "", source: source)
    } catch {
      throw TokenizerError(source: source, field: "", problem: "not JSON: \(error.problem) (at byte \(error.offset))")
    }
    _ = try root.members()
    if let version = try root.optional("version"), try version.string() != "1.0" {
      throw version.error("found \(version.value.kind), expected \"1.0\"")
    }
    for key in ["truncation", "padding"] {
      if let field = try root.optional(key) { throw field.error("not supported, expected null") }
    }
    normalises = try Self.normaliser(root.optional("normalizer"))
    preTokenizer = try PreTokenizer(root.required("pre_tokenizer"))
    try Self.checkDecoder(root.required("decoder"))

    let model = try ModelSection(root.required("model"))
    let added = try AddedTokensSection(root.optional("added_tokens"), model: model, normalises: normalises)
    ignoresMerges = model.ignoresMerges
    merges = model.merges
    vocabulary = Self.vocabulary(model, added)
    rawTokens = AddedTokenMatcher(added.tokens.filter { !$0.isNormalised }.map(\.token))
    normalisedTokens = AddedTokenMatcher(added.tokens.filter(\.isNormalised).map(\.token))
    template = try Template(root.optional("post_processor"), highestID: Int32(vocabulary.count - 1))
  }

  /// Whether the text is brought into form C.
  private static func normaliser(_ field: JSONField?) throws(TokenizerError) -> Bool {
    guard let field else { return false }
    let type = try field.required("type")
    switch try type.string() {
    case "NFC": return true
    case "Sequence":
      var any = false
      for element in try field.required("normalizers").elements() {
        if try normaliser(element) { any = true }
      }
      return any
    default: throw type.error("\(type.value.kind) is not supported, expected \"NFC\" or \"Sequence\"")
    }
  }

  private static func checkDecoder(_ field: JSONField) throws(TokenizerError) {
    let type = try field.required("type")
    guard try type.string() == "ByteLevel" else {
      throw type.error("\(type.value.kind) is not supported, expected \"ByteLevel\"")
    }
  }

  private static func vocabulary(_ model: ModelSection, _ added: AddedTokensSection) -> Vocabulary {
    var ids = model.ids
    let highest = max(ids.values.max() ?? -1, added.tokens.map(\.token.id).max() ?? -1)
    var entries = [Vocabulary.Entry?](repeating: nil, count: Int(highest) + 1)
    for (spelling, id) in ids { entries[Int(id)] = .init(spelling: spelling, isSpecial: false) }
    for token in added.tokens {
      ids[token.name] = token.token.id
      // `tokenizers` gives a normalised token in its normalised spelling, and skips in decoding what is *spelled*
      // like a special token. A special token that normalising changes is therefore never skipped.
      let isSpecial = token.isSpecial && token.name == token.token.content
      entries[Int(token.token.id)] = .init(spelling: token.token.content, isSpecial: isSpecial)
    }
    return Vocabulary(ids: ids, entries: entries)
  }
}
