/// The field `post_processor` of a `tokenizer.json`: special tokens around the text.
struct PostProcessor: Sendable {
  private(set) var prefix: [Int32] = []
  private(set) var suffix: [Int32] = []

  init(prefix: [Int32] = [], suffix: [Int32] = []) {
    self.prefix = prefix
    self.suffix = suffix
  }

  /// Every id in the template must be at most `highestID`.
  init(_ field: JSONField?, highestID: Int32) throws(TokenizerError) {
    guard let field else { return }
    var templates: [JSONField] = []
    try Self.flatten(field, into: &templates)
    if templates.count > 1 { throw templates[1].error("a second template is not supported") }
    guard let template = templates.first else { return }
    if let begin = try template.optional("cls") {
      prefix = [try Self.id(begin, highestID)]
      suffix = [try Self.id(template.required("sep"), highestID)]
      return
    }
    var isBehindText = false
    for piece in try template.required("single").elements() {
      if let sequence = try piece.optional("Sequence") {
        let id = try sequence.required("id")
        guard try id.string() == "A" else { throw id.error("found \(id.value.kind), expected \"A\"") }
        if isBehindText { throw piece.error("the text comes a second time, which is not supported") }
        isBehindText = true
      } else {
        let name = try piece.required("SpecialToken").required("id").string()
        let ids = try template.required("special_tokens").required(name).required("ids")
        for element in try ids.elements() {
          let id = try element.tokenID()
          if id > highestID { throw element.error("found the id \(id), expected one of a token, at most \(highestID)") }
          if isBehindText { suffix.append(id) } else { prefix.append(id) }
        }
      }
    }
    guard isBehindText else { throw try template.required("single").error("the text (\"Sequence\" \"A\") is missing") }
  }

  /// The id of a pair of a token and its id.
  private static func id(_ field: JSONField, _ highestID: Int32) throws(TokenizerError) -> Int32 {
    let pair = try field.elements()
    guard pair.count == 2 else { throw field.error("expected a token and its id") }
    let id = try pair[1].tokenID()
    if id > highestID { throw pair[1].error("found the id \(id), expected one of a token, at most \(highestID)") }
    return id
  }

  private static func flatten(_ field: JSONField, into templates: inout [JSONField]) throws(TokenizerError) {
    let type = try field.required("type")
    switch try type.string() {
    case "ByteLevel": break  // Changes offsets only, which we do not give.
    case "TemplateProcessing", "BertProcessing", "RobertaProcessing": templates.append(field)
    case "Sequence":
      for element in try field.required("processors").elements() { try flatten(element, into: &templates) }
    default:
      throw type.error(
        "\(type.value.kind) is not supported, expected \"ByteLevel\", \"TemplateProcessing\", \"BertProcessing\", "
          + "\"RobertaProcessing\" or \"Sequence\"")
    }
  }
}
