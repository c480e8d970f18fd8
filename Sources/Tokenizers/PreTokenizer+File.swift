import JSON

// The field `pre_tokenizer` of a `tokenizer.json`.
extension PreTokenizer {
  /// GPT-2's pattern, which `ByteLevel` cuts by where `use_regex` says so.
  static let gpt2 = #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  init(_ field: JSONField?) throws(TokenizerError) {
    self.init([], isByteLevel: false)
    if let field { try read(field) }
  }

  private mutating func read(_ field: JSONField) throws(TokenizerError) {
    let type = try field.required("type")
    if isByteLevel { throw type.error("\"ByteLevel\" is supported as the last step only") }
    switch try type.string() {
    case "Sequence":
      for element in try field.required("pretokenizers").elements() { try read(element) }
    case "ByteLevel": try readByteLevel(field)
    case "Split": try append(readSplit(field))
    case "Digits":
      let isIsolated = try field.flag("individual_digits", default: false)
      try append(#"\p{N}"#, isIsolated ? .isolated : .contiguous, field)
    case "Whitespace": append(Self.words)
    case "WhitespaceSplit": try append(#"\s"#, .removed, field)
    case "Punctuation":
      var behavior = SplitStep.Behavior.isolated
      if let given = try field.optional("behavior") { behavior = try Self.behavior(given) }
      try append(#"[\p{P}!-/:-@\[-`{-~]"#, behavior, field)
    case "CharDelimiterSplit": append(SplitStep(.literal(try field.required("delimiter").bytes()), .removed))
    case "Metaspace": steps.append(.metaspace(try Self.metaspace(field)))
    default:
      throw type.error(
        "\(type.value.kind) is not supported, expected \"ByteLevel\", \"Split\", \"Metaspace\", \"Digits\", "
          + "\"Whitespace\", \"WhitespaceSplit\", \"Punctuation\", \"CharDelimiterSplit\" or \"Sequence\"")
    }
  }

  /// Words, and runs of what is neither a word nor white space: `\w+|[^\w\s]+`, but with Rust's `\w`.
  private static let words: SplitStep = {
    var others = ScalarSet()
    others.insert([.word, .space], isNegated: false)
    others.negate()
    others.finish()
    let runs = [ScalarSet(.word), others].map { PatternNode.repeated(.set($0), minimum: 1, maximum: nil, .greedy) }
    let program = try? PatternProgram(.alternatives(runs))
    return SplitStep(program.map { .expression($0) } ?? .literal([]), .removed, isInverted: true)
  }()

  private mutating func append(_ split: SplitStep) { steps.append(.split(split)) }

  private mutating func append(
    _ expression: String, _ behavior: SplitStep.Behavior, isInverted: Bool = false, _ field: JSONField
  ) throws(TokenizerError) {
    do throws(PatternProblem) {
      append(SplitStep(try TextPattern(expression: expression), behavior, isInverted: isInverted))
    } catch {
      throw field.error("the pattern \(quoted(expression)) is not supported: \(error.text)")
    }
  }

  private mutating func readByteLevel(_ field: JSONField) throws(TokenizerError) {
    if try field.required("add_prefix_space").bool() { steps.append(.prefixSpace) }
    if try field.flag("use_regex", default: true) { try append(Self.gpt2, .isolated, field) }
    isByteLevel = true
  }

  private mutating func readSplit(_ field: JSONField) throws(TokenizerError) -> SplitStep {
    SplitStep(
      try field.required("pattern").pattern(), try Self.behavior(field.required("behavior")),
      isInverted: try field.flag("invert", default: false))
  }

  private static func behavior(_ field: JSONField) throws(TokenizerError) -> SplitStep.Behavior {
    guard let behavior = SplitStep.Behavior(rawValue: try field.string()) else {
      throw field.error(
        "\(field.value.kind) is not supported, expected \"Removed\", \"Isolated\", \"MergedWithPrevious\", "
          + "\"MergedWithNext\" or \"Contiguous\"")
    }
    return behavior
  }

  private static func metaspace(_ field: JSONField) throws(TokenizerError) -> Metaspace {
    let replacement = try field.required("replacement").bytes()
    let hasPrefix = try field.flag("add_prefix_space", default: true)
    var prepending: Metaspace.Prepending = hasPrefix ? .always : .never
    if let scheme = try field.optional("prepend_scheme") {
      guard let value = Metaspace.Prepending(rawValue: try scheme.string()) else {
        throw scheme.error("found \(scheme.value.kind), expected \"always\", \"never\" or \"first\"")
      }
      prepending = value
    }
    return Metaspace(replacement: replacement, prepending: prepending, splits: try field.flag("split", default: true))
  }
}

extension JSONField {
  /// A pattern: an object with `String` or `Regex`.
  func pattern() throws(TokenizerError) -> TextPattern {
    if let literal = try optional("String") { return .literal(try literal.bytes()) }
    let expression = try required("Regex")
    let text = try expression.string()
    do throws(PatternProblem) {
      return try TextPattern(expression: text)
    } catch {
      throw expression.error("the pattern \(quoted(text)) is not supported: \(error.text)")
    }
  }
}
