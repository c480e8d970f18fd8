import Foundation
import JSON

// A `tokenizer.json`, checked and put into the forms that encoding and decoding use.
extension TokenizerParts {
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
    normalizer = try Normalizer(root.optional("normalizer"))
    preTokenizer = try PreTokenizer(root.optional("pre_tokenizer"))
    decoder = try TokenDecoder(root.optional("decoder"))

    let section = try ModelSection(root.required("model"))
    let added = try AddedTokensSection(root.optional("added_tokens"), model: section, normalizer: normalizer)
    var model = BytePairModel(section, isByteLevel: preTokenizer.isByteLevel)
    if let unknown = section.missingUnknown, !model.knowsEveryByte {
      throw unknown.error("\(unknown.value.kind) is not in model.vocab, and not each byte has a token")
    }
    model.findBoundary(section.ids)
    self.model = model
    vocabulary = Self.vocabulary(section, added, decoder)
    rawTokens = AddedTokenMatcher(added.tokens.filter { !$0.isNormalised }.map(\.token))
    normalisedTokens = AddedTokenMatcher(added.tokens.filter(\.isNormalised).map(\.token))
    postProcessor = try PostProcessor(root.optional("post_processor"), highestID: Int32(vocabulary.count - 1))
  }

  private static func vocabulary(
    _ model: ModelSection, _ added: AddedTokensSection, _ decoder: TokenDecoder
  ) -> Vocabulary {
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
    return Vocabulary(ids: ids, entries: entries, decoder: decoder)
  }
}

extension BytePairModel {
  fileprivate init(_ section: ModelSection, isByteLevel: Bool) {
    alphabet =
      isByteLevel
      ? .bytes((UInt8.min...UInt8.max).map { section.ids[ByteAlphabet.spelling(of: $0)] ?? -1 })
      : .scalars(Self.scalars(section.ids))
    merges = section.merges
    ignoresMerges = section.ignoresMerges
    unknown = section.unknown
    fusesUnknown = section.fusesUnknown
    if section.hasByteFallback {
      byteTokens = (UInt8.min...UInt8.max).map { section.ids[Self.fallbackSpelling(of: $0)] ?? -1 }
    }
  }

  /// The tokens of one character, by the character.
  static func scalars(_ ids: [[UInt8]: Int32]) -> [UInt32: Int32] {
    var scalars: [UInt32: Int32] = [:]
    for (spelling, id) in ids where (1...4).contains(spelling.count) {
      var end = 0
      let scalar = UTF8Reader.scalar(at: &end, in: spelling)
      if end == spelling.count { scalars[scalar] = id }
    }
    return scalars
  }
}
