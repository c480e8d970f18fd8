/// The field `post_processor` of a `tokenizer.json`: special tokens around the text.
struct Template: Sendable {
  private(set) var prefix: [Int32] = []
  private(set) var suffix: [Int32] = []

  /// Every id in the template must be at most `highestID`.
  init(_ field: JSONField?, highestID: Int32) throws(TokenizerError) {
    guard let field else { return }
    var templates: [JSONField] = []
    try Self.flatten(field, into: &templates)
    if templates.count > 1 { throw templates[1].error("a second template is not supported") }
    guard let template = templates.first else { return }
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

  private static func flatten(_ field: JSONField, into templates: inout [JSONField]) throws(TokenizerError) {
    let type = try field.required("type")
    switch try type.string() {
    case "ByteLevel": break  // Changes offsets only, which we do not give.
    case "TemplateProcessing": templates.append(field)
    case "Sequence":
      for element in try field.required("processors").elements() { try flatten(element, into: &templates) }
    default:
      throw type.error(
        "\(type.value.kind) is not supported, expected \"ByteLevel\", \"TemplateProcessing\" or \"Sequence\"")
    }
  }
}
