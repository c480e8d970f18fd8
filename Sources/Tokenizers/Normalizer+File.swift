import JSON

// The field `normalizer` of a `tokenizer.json`.
extension Normalizer {
  init(_ field: JSONField?) throws(TokenizerError) {
    self.init([])
    if let field { try read(field) }
  }

  private mutating func read(_ field: JSONField) throws(TokenizerError) {
    let type = try field.required("type")
    switch try type.string() {
    case "Sequence":
      for element in try field.required("normalizers").elements() { try read(element) }
    case "NFC": append(.form(.c))
    case "NFD": append(.form(.d))
    case "NFKC": append(.form(.kc))
    case "NFKD": append(.form(.kd))
    case "Lowercase": append(.lowercase)
    case "StripAccents": append(.stripAccents)
    case "Prepend": append(.prepend(try field.required("prepend").bytes()))
    case "Replace":
      append(.replace(try field.required("pattern").pattern(), try field.required("content").bytes()))
    case "Strip":
      append(
        .strip(left: try field.required("strip_left").bool(), right: try field.required("strip_right").bool()))
    default:
      throw type.error(
        "\(type.value.kind) is not supported, expected \"NFC\", \"NFD\", \"NFKC\", \"NFKD\", \"Lowercase\", \"Prepend\", "
          + "\"Replace\", \"Strip\", \"StripAccents\" or \"Sequence\"")
    }
  }

  private mutating func append(_ step: Step) { self = Normalizer(steps + [step]) }
}
