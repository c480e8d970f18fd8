import JSON

/// The field `pre_tokenizer` of a `tokenizer.json`: how text is cut into words, which merging never crosses.
struct PreTokenizer: Sendable {
  /// `Split` steps before the byte-level step, in order; each cuts the pieces of the one before.
  private var splits: [SplitPattern] = []
  /// Puts a space before each piece that does not begin with one.
  private var addsPrefixSpace = false
  /// Cuts by GPT-2's pattern after that.
  private var usesPattern = false

  init(_ field: JSONField) throws(TokenizerError) {
    var steps: [JSONField] = []
    try Self.flatten(field, into: &steps)
    guard let last = steps.last, try last.required("type").string() == "ByteLevel" else {
      throw field.error("the last step is not \"ByteLevel\", and only byte-level tokens are supported")
    }
    for step in steps.dropLast() { splits.append(try Self.split(step)) }
    addsPrefixSpace = try last.required("add_prefix_space").bool()
    usesPattern = try last.flag("use_regex", default: true)
  }

  private static func flatten(_ field: JSONField, into steps: inout [JSONField]) throws(TokenizerError) {
    let type = try field.required("type")
    switch try type.string() {
    case "Sequence":
      for element in try field.required("pretokenizers").elements() { try flatten(element, into: &steps) }
    case "ByteLevel", "Split": steps.append(field)
    default:
      throw type.error("\(type.value.kind) is not supported, expected \"ByteLevel\", \"Split\" or \"Sequence\"")
    }
  }

  private static func split(_ field: JSONField) throws(TokenizerError) -> SplitPattern {
    let type = try field.required("type")
    guard try type.string() == "Split" else { throw type.error("\"ByteLevel\" is supported as the last step only") }
    let behavior = try field.required("behavior")
    guard try behavior.string() == "Isolated" else {
      throw behavior.error("\(behavior.value.kind) is not supported, expected \"Isolated\"")
    }
    if try field.flag("invert", default: false) {
      throw try field.required("invert").error("not supported, expected false")
    }
    let expression = try field.required("pattern").required("Regex")
    let text = try expression.bytes()
    guard let pattern = SplitPattern.allCases.first(where: { text.elementsEqual($0.expression.utf8) }) else {
      throw expression.error("the pattern \(quoted(text)) is not supported; known are those of GPT-2 and Qwen2")
    }
    return pattern
  }

  /// Calls `body` with each word of `range`, as bytes and where in them it lies.
  func forEachWord(in bytes: [UInt8], _ range: Range<Int>, _ body: ([UInt8], Range<Int>) -> Void) {
    cut(bytes, range, by: splits[...], body)
  }

  private func cut(
    _ bytes: [UInt8], _ range: Range<Int>, by patterns: ArraySlice<SplitPattern>,
    _ body: ([UInt8], Range<Int>) -> Void
  ) {
    guard let pattern = patterns.first else { return finish(bytes, range, body) }
    var start = range.lowerBound
    while start < range.upperBound {
      let end = pattern.matchEnd(in: bytes, from: start, to: range.upperBound)
      cut(bytes, start..<end, by: patterns.dropFirst(), body)
      start = end
    }
  }

  private func finish(_ bytes: [UInt8], _ range: Range<Int>, _ body: ([UInt8], Range<Int>) -> Void) {
    guard !range.isEmpty else { return }
    var bytes = bytes
    var range = range
    if addsPrefixSpace, bytes[range.lowerBound] != 0x20 {
      bytes = [0x20] + bytes[range]
      range = bytes.indices
    }
    guard usesPattern else { return body(bytes, range) }
    var start = range.lowerBound
    while start < range.upperBound {
      let end = SplitPattern.gpt2.matchEnd(in: bytes, from: start, to: range.upperBound)
      body(bytes, start..<end)
      start = end
    }
  }
}
