/// A piece of a template's text.
struct Token: Equatable {
  enum Kind: Equatable {
    /// Text outside of tags.
    case data(String)
    /// `{{`
    case variableBegin
    case variableEnd
    /// `{%`
    case blockBegin
    case blockEnd
    case name(String)
    case string(String)
    case int(Int)
    case double(Double)
    case symbol(String)
    case end
  }

  let kind: Kind
  let line: Int

  /// For messages.
  var summary: String {
    switch kind {
    case .data: "text"
    case .variableBegin: "{{"
    case .variableEnd: "}}"
    case .blockBegin: "{%"
    case .blockEnd: "%}"
    case .name(let name): name
    case .string: "a string"
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .symbol(let symbol): symbol
    case .end: "the end of the template"
    }
  }
}
