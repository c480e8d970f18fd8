import JSON

// The field `decoder` of a `tokenizer.json`.
extension TokenDecoder {
  init(_ field: JSONField?) throws(TokenizerError) {
    self.init()
    guard let field else {
      separator = [0x20]
      return
    }
    var isFused = false
    try read(field, &isFused)
  }

  private mutating func read(_ field: JSONField, _ isFused: inout Bool) throws(TokenizerError) {
    let type = try field.required("type")
    switch try type.string() {
    case "Sequence":
      for element in try field.required("decoders").elements() { try read(element, &isFused) }
    case "ByteLevel": isByteLevel = true
    case "ByteFallback": hasByteFallback = true
    case "Fuse": isFused = true
    case "Replace":
      steps.append(.replace(try field.required("pattern").pattern(), try field.required("content").bytes()))
    case "Strip": try readStrip(field, isFused)
    case "Metaspace":
      var dropsFirst = try field.flag("add_prefix_space", default: true)
      if let scheme = try field.optional("prepend_scheme") { dropsFirst = try scheme.string() != "never" }
      metaspace = (try field.required("replacement").bytes(), dropsFirst)
    default:
      throw type.error(
        "\(type.value.kind) is not supported, expected \"ByteLevel\", \"Metaspace\", \"ByteFallback\", \"Fuse\", "
          + "\"Replace\", \"Strip\" or \"Sequence\"")
    }
  }

  private mutating func readStrip(_ field: JSONField, _ isFused: Bool) throws(TokenizerError) {
    let character = try field.required("content").bytes()
    let start = Int(try field.required("start").tokenID())
    let stop = try field.required("stop")
    let end = Int(try stop.tokenID())
    guard isFused else { return steps.append(.strip(character, start: start, end: end)) }
    if end > 0 { throw stop.error("found \(end), expected 0 behind \"Fuse\"") }
    startStrip = (character, start)
  }
}
