extension Filters {
  static let ofText: [String: Filter] = [
    "lower": { value, _, renderer in try changed(value, renderer, PythonCase.lower) },
    "upper": { value, _, renderer in try changed(value, renderer) { $0.uppercased() } },
    "capitalize": { value, _, renderer in try changed(value, renderer, PythonCase.capitalised) },
    "title": { value, _, renderer in try changed(value, renderer, titled) },
    "trim": { value, arguments, renderer in
      let wanted = try text(arguments.values("chars", of: "trim")[0])?.unicodeScalars
      return try changed(value, renderer) { text in text.stripped { wanted?.contains($0) ?? $0.isPythonSpace } }
    },
    "replace": { value, arguments, renderer in
      let values = try arguments.values("old", "new", "count", of: "replace")
      guard let old = values[0], let new = values[1] else { throw Problem("replace needs what to replace and by what") }
      return try renderer.text(
        renderer.replaced(
          renderer.printed(value), renderer.printed(old), renderer.printed(new), limit: values[2]?.integer ?? -1))
    },
    "indent": { value, arguments, renderer in try indented(value, arguments, renderer) },
    "center": { value, arguments, renderer in
      let width = try arguments.values("width", of: "center")[0]?.integer ?? 80
      return try renderer.text(renderer.padded(renderer.printed(value), to: width, with: " ", "center"))
    },
    "format": { value, arguments, renderer in
      let values = try renderer.list(arguments.positional, isTuple: true)
      guard !arguments.named.isEmpty else {
        return try renderer.text(PercentFormat.text(renderer.printed(value), values, renderer))
      }
      let named = Value.dict(try DictValue(arguments.named.map { (.string($0.name), $0.value) }))
      return try renderer.text(PercentFormat.text(renderer.printed(value), named, renderer))
    },
    "truncate": { value, arguments, renderer in try truncated(value, arguments, renderer) },
    "wordcount": { value, _, renderer in
      let text = try renderer.printed(value)
      var isInWord = false
      return .int(
        text.unicodeScalars.count { scalar in
          let isWord = scalar == "_" || PythonCase.has("isalnum", String(scalar))
          defer { isInWord = isWord }
          return isWord && !isInWord
        })
    },
    "safe": { value, _, renderer in try renderer.text(renderer.printed(value), isMarkup: true) },
    "escape": escape, "e": escape,
    "forceescape": { value, _, renderer in
      try renderer.text(Text.escaped(renderer.printed(value)), isMarkup: true)
    },
    "urlencode": { value, _, renderer in
      let kept = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~/".utf8)
      let text = try renderer.printed(value).utf8.map { byte in
        kept.contains(byte)
          ? String(Unicode.Scalar(byte)) : "%" + PythonNumber.hexadecimal(UInt32(byte), digits: 2).uppercased()
      }
      return try renderer.text(text.joined())
    },
  ]

  private static let escape: Filter = { value, _, renderer in
    if case .text(let text) = value, text.isMarkup { return value }
    return try renderer.text(Text.escaped(renderer.printed(value)), isMarkup: true)
  }

  private static func text(_ value: Value?) throws -> String? {
    switch value {
    case nil, Value.none?: return nil
    case .text(let text)?: return text.string
    case let value?: throw Problem("expected a string, found \(value.kind)")
    }
  }

  /// The value as text, changed; still safe where it was.
  private static func changed(_ value: Value, _ renderer: Renderer, _ change: (String) -> String) throws -> Value {
    let text = try renderer.printed(value)
    try renderer.budget.spend(text.utf8.count / 4)
    if case .text(let original) = value { return try renderer.text(change(text), isMarkup: original.isMarkup) }
    return try renderer.text(change(text))
  }

  /// A capital at the start, and behind white space and `-({[<`; small letters otherwise.
  private static func titled(_ text: String) -> String {
    var result = ""
    var isStart = true
    for scalar in text.unicodeScalars {
      if scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar) {
        result.unicodeScalars.append(scalar)
        isStart = true
      } else {
        result += isStart ? scalar.properties.uppercaseMapping : scalar.properties.lowercaseMapping
        isStart = false
      }
    }
    return result
  }

  private static func indented(_ value: Value, _ arguments: CallArguments, _ renderer: Renderer) throws -> Value {
    let values = try arguments.values("width", "first", "blank", of: "indent")
    let (first, blank) = (values[1]?.isTrue ?? false, values[2]?.isTrue ?? false)
    let indent: String
    if case .text(let text)? = values[0] {
      indent = text.string
    } else {
      indent = try renderer.repeated(" ", values[0]?.integer ?? 4)
    }
    guard case .text(let text) = value else { throw Problem("indent needs a string, found \(value.kind)") }
    // Jinja adds a line's end before it cuts into lines, so that the last one stays where it is.
    let split = MethodValue(.string(text.string + "\n"), "splitlines")
    let lines = try renderer.elements(renderer.call(split, CallArguments())).map { try renderer.printed($0) }
    var parts: [String] = []
    for (index, line) in lines.enumerated() {
      let isIndented = index == 0 ? first : blank || !line.isEmpty
      try renderer.budget.spendText(line.utf8.count + indent.utf8.count)
      parts.append(isIndented ? indent + line : line)
    }
    return try renderer.text(renderer.joined(parts, "\n"), isMarkup: text.isMarkup)
  }

  private static func truncated(_ value: Value, _ arguments: CallArguments, _ renderer: Renderer) throws -> Value {
    let values = try arguments.values("length", "killwords", "end", "leeway", of: "truncate")
    let length = values[0]?.integer ?? 255
    let end = try text(values[2]) ?? "..."
    let leeway = values[3]?.integer ?? 5
    let string = try renderer.printed(value)
    let scalars = Array(string.unicodeScalars)
    let kept = length - end.unicodeScalars.count
    guard kept >= 0, leeway >= 0 else { throw Problem("truncate needs a length of at least that of its end") }
    if scalars.count <= length || scalars.count - length <= leeway { return try renderer.text(string) }
    var start = String(String.UnicodeScalarView(scalars[..<kept]))
    if !(values[1]?.isTrue ?? false), let space = start.lastRange(of: " ") {
      start = String(start[..<space.lowerBound])
    }
    return try renderer.text(start + end)
  }
}
