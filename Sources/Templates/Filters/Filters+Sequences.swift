extension Filters {
  static let ofSequences: [String: Filter] = [
    "length": { value, _, _ in .int(try value.count()) },
    "count": { value, _, _ in .int(try value.count()) },
    "list": { value, _, renderer in try renderer.list(renderer.elements(value)) },
    "items": { value, _, renderer in
      switch value {
      case .undefined: return try renderer.iterator([])
      case .dict(let dict): return try renderer.iterator(DictView(dict: dict, part: .items).elements())
      default: throw Problem("items needs a mapping, found \(value.kind)")
      }
    },
    "first": { value, _, renderer in
      if case .iterator(let iterator) = value { return iterator.takeFirst() ?? .undefined("the first of nothing") }
      return try renderer.elements(value).first ?? .undefined("the first of nothing")
    },
    "last": { value, _, renderer in
      if case .iterator = value { throw Problem("a generator has no last element") }
      return try renderer.elements(value).last ?? .undefined("the last of nothing")
    },
    "join": { value, arguments, renderer in
      let values = try arguments.values("d", "attribute", of: "join")
      var items = try renderer.elements(value)
      if let attribute = values[1], !attribute.equals(.none) {
        items = try items.map { try renderer.value(at: attribute, of: $0) }
      }
      let separator = try values[0].map { try renderer.printed($0) } ?? ""
      return try renderer.text(renderer.joined(items.map { try renderer.printed($0) }, separator))
    },
    "reverse": { value, _, renderer in
      if case .text(let text) = value {
        return try renderer.text(String(String.UnicodeScalarView(text.scalars.reversed())))
      }
      return try renderer.iterator(renderer.elements(value).reversed())
    },
    "map": { value, arguments, renderer in try mapped(value, arguments, renderer) },
    "select": { value, arguments, renderer in try selected(value, arguments, renderer, byAttribute: false, true) },
    "reject": { value, arguments, renderer in try selected(value, arguments, renderer, byAttribute: false, false) },
    "selectattr": { value, arguments, renderer in try selected(value, arguments, renderer, byAttribute: true, true) },
    "rejectattr": { value, arguments, renderer in try selected(value, arguments, renderer, byAttribute: true, false) },
    "sum": { value, arguments, renderer in
      let values = try arguments.values("attribute", "start", of: "sum")
      return try renderer.elements(value).reduce(values[1] ?? .int(0)) { sum, item in
        let item = try values[0].map { $0.equals(.none) ? item : try renderer.value(at: $0, of: item) } ?? item
        return try renderer.binary(.add, sum, item)
      }
    },
    "batch": { value, arguments, renderer in
      let values = try arguments.values("linecount", "fill_with", of: "batch")
      guard let size = values[0]?.integer, size > 0 else { throw Problem("batch needs a number above 0") }
      let items = try renderer.elements(value)
      let batches = try stride(from: 0, to: items.count, by: size).map { start in
        var batch = Array(items[start..<min(start + size, items.count)])
        if let fill = values[1], size <= Budget.size { batch += repeatElement(fill, count: size - batch.count) }
        return try renderer.list(batch)
      }
      return try renderer.iterator(batches)
    },
    "sort": sorted, "min": least, "max": greatest, "unique": unique, "dictsort": dictSorted, "groupby": grouped,
  ]

  private static func mapped(_ value: Value, _ arguments: CallArguments, _ renderer: Renderer) throws -> Value {
    var arguments = arguments
    // As in Jinja, what is false has no elements, whatever its kind.
    let items = value.isTrue ? try renderer.elements(value) : []
    if arguments.positional.isEmpty {
      guard let attribute = arguments.take("attribute") else { throw Problem("map needs a filter or attribute=") }
      let fallback = arguments.take("default")
      return try renderer.iterator(
        items.map { item in
          let value = try renderer.value(at: attribute, of: item)
          return value.isUndefined ? fallback ?? value : value
        })
    }
    let name = try renderer.printed(arguments.positional.removeFirst())
    return try renderer.iterator(items.map { try renderer.filter($0, name, arguments) })
  }

  /// The elements that pass a test, or do not; without a test, those that are true.
  private static func selected(
    _ value: Value, _ arguments: CallArguments, _ renderer: Renderer, byAttribute: Bool, _ wanted: Bool
  ) throws -> Value {
    var rest = arguments.positional[...]
    let attribute = byAttribute ? rest.popFirst() : nil
    if byAttribute, attribute == nil { throw Problem("selectattr and rejectattr need an attribute") }
    let name = try rest.popFirst().map { try renderer.printed($0) }
    let elements = value.isTrue ? try renderer.elements(value) : []
    let items = try elements.filter { item in
      let value = try attribute.map { try renderer.value(at: $0, of: item) } ?? item
      return try (name.map { try renderer.test(value, $0, Array(rest)) } ?? value.isTrue) == wanted
    }
    return try renderer.iterator(items)
  }
}

extension Renderer {
  /// The value at a path such as `function.name` or `0`.
  func value(at path: Value, of value: Value) throws -> Value {
    guard case .text(let text) = path else { return try item(path, of: value) }
    return try text.string.parts(separatedBy: ".").reduce(value) { value, part in
      try item(Int(part).map { .int($0) } ?? .string(part), of: value)
    }
  }
}
