import JSON

extension TokenizerParts {
  init(_ metadata: TokenizerMetadata, source: String) throws(TokenizerError) {
    let reader = try MetadataReader(metadata, source: source)
    switch metadata.model {
    case "gpt2": try self.init(byteLevel: reader)
    case "llama": try self.init(sentencePiece: reader)
    case "gemma4": try self.init(characters: reader)
    default:
      throw reader.error("model", "found \(quoted(metadata.model)), expected \"gpt2\", \"llama\" or \"gemma4\"")
    }
  }

  private init(byteLevel reader: MetadataReader) throws(TokenizerError) {
    let name = reader.metadata.pre ?? "default"
    guard let cut = NamedPreTokenizer.cut(name) else {
      throw reader.error("pre", "the pre-tokenizer \(quoted(name)) is not supported")
    }
    var steps: [PreTokenizer.Step] = []
    for pattern in cut.patterns { steps.append(.split(SplitStep(try reader.pattern(pattern, key: "pre"), .isolated))) }
    if reader.metadata.addsSpacePrefix ?? false { steps.insert(.prefixSpace, at: 0) }
    let bytes = (UInt8.min...UInt8.max).map { reader.ids[ByteAlphabet.spelling(of: $0)] ?? -1 }
    var model = BytePairModel(alphabet: .bytes(bytes), merges: try reader.merges())
    model.ignoresMerges = cut.ignoresMerges
    var decoder = TokenDecoder()
    decoder.isByteLevel = true
    try self.init(
      reader, model, preTokenizer: PreTokenizer(steps, isByteLevel: true), decoder, addsBOS: cut.addsBOS)
  }

  private init(sentencePiece reader: MetadataReader) throws(TokenizerError) {
    let addsPrefix = reader.metadata.addsSpacePrefix ?? true
    var model = try ScoredMerges(reader).model
    model.byteTokens = reader.byteTokens
    model.unknown = reader.metadata.unknownToken
    model.findBoundary(reader.ids)
    try self.init(
      reader, model, normalizer: Self.visibleSpaces, preTokenizer: PreTokenizer([], isByteLevel: false),
      Self.spacesDecoder(stripsFirst: addsPrefix), addsBOS: true, addsSpacePrefix: addsPrefix)
  }

  private init(characters reader: MetadataReader) throws(TokenizerError) {
    var model = BytePairModel(
      alphabet: .scalars(BytePairModel.scalars(reader.ids)), merges: try reader.merges())
    model.byteTokens = reader.byteTokens
    model.unknown = reader.metadata.unknownToken
    model.findBoundary(reader.ids)
    let lines = SplitStep(try reader.pattern(#"[^\n]+|\n+"#, key: "model"), .isolated)
    let addsPrefix = reader.metadata.addsSpacePrefix ?? false
    try self.init(
      reader, model, normalizer: Self.visibleSpaces, preTokenizer: PreTokenizer([.split(lines)], isByteLevel: false),
      Self.spacesDecoder(stripsFirst: addsPrefix), addsBOS: true, addsSpacePrefix: addsPrefix)
  }

  private static let visibleSpace = Array("▁".utf8)
  private static let visibleSpaces = Normalizer([.replace(.literal([0x20]), visibleSpace)])

  private static func spacesDecoder(stripsFirst: Bool) -> TokenDecoder {
    var decoder = TokenDecoder()
    decoder.steps = [.replace(.literal(visibleSpace), [0x20])]
    decoder.hasByteFallback = true
    if stripsFirst { decoder.startStrip = ([0x20], 1) }
    return decoder
  }

  private init(
    _ reader: MetadataReader, _ model: BytePairModel, normalizer: Normalizer = Normalizer([]),
    preTokenizer: PreTokenizer, _ decoder: TokenDecoder, addsBOS: Bool, addsSpacePrefix: Bool = false
  ) throws(TokenizerError) {
    self.model = model
    self.normalizer = normalizer
    self.preTokenizer = preTokenizer
    self.decoder = decoder
    self.addsSpacePrefix = addsSpacePrefix
    vocabulary = Vocabulary(ids: reader.ids, entries: reader.entries, decoder: decoder)
    rawTokens = AddedTokenMatcher(reader.addedTokens)
    normalisedTokens = AddedTokenMatcher([])
    postProcessor = PostProcessor(
      prefix: try reader.mark("bos_token_id", reader.metadata.bosToken, reader.metadata.addsBOS, default: addsBOS),
      suffix: try reader.mark("eos_token_id", reader.metadata.eosToken, reader.metadata.addsEOS, default: false))
  }
}
