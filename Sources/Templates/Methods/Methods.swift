/// Methods of Python's types that a template may call.
enum Methods {
  private static let ofStrings: Set<String> = [
    "capitalize", "casefold", "center", "count", "endswith", "expandtabs", "find", "format", "format_map", "index",
    "isalnum", "isalpha", "isascii", "isdecimal", "isdigit", "isidentifier", "islower", "isnumeric", "isprintable",
    "isspace", "istitle", "isupper", "join", "ljust", "lower", "lstrip", "partition", "removeprefix", "removesuffix",
    "replace", "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "split", "splitlines", "startswith",
    "strip", "swapcase", "title", "upper", "zfill", "encode", "maketrans", "translate",
  ]
  private static let ofDicts: Set<String> = ["copy", "get", "items", "keys", "values", "fromkeys"]
  private static let ofLists: Set<String> = ["copy", "count", "index"]
  /// The sandbox refuses what changes a value.
  private static let changingDicts: Set<String> = ["clear", "pop", "popitem", "setdefault", "update"]
  private static let changingLists: Set<String> = [
    "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort",
  ]

  /// The method or other attribute that Python's type has; nil if it has none of that name.
  static func attribute(_ name: String, of value: Value) -> Value? {
    let isRefused: Bool
    let isKnown: Bool
    switch value {
    case .text: (isKnown, isRefused) = (ofStrings.contains(name), false)
    case .dict: (isKnown, isRefused) = (ofDicts.contains(name), changingDicts.contains(name))
    case .list(let list) where list.isTuple: (isKnown, isRefused) = (["count", "index"].contains(name), false)
    case .list: (isKnown, isRefused) = (ofLists.contains(name), changingLists.contains(name))
    case .cycler(let cycler): (isKnown, isRefused) = (!cycler.isJoiner && ["next", "reset"].contains(name), false)
    case .double: (isKnown, isRefused) = (name == "is_integer", false)
    case .function(.dict): (isKnown, isRefused) = (name == "fromkeys", false)
    default: return nil
    }
    if isRefused { return .undefined("\"\(name)\" of \(value.kind), which would change it and is not allowed,") }
    return isKnown ? .method(MethodValue(value, name)) : nil
  }
}

extension Renderer {
  func call(_ method: MethodValue, _ arguments: CallArguments) throws -> Value {
    switch method.receiver {
    case .text(let text): return try StringMethod(text, method.name, arguments, self).call()
    case .dict(let dict): return try call(method.name, of: dict, arguments)
    case .list(let list): return try call(method.name, of: list, arguments)
    case .loop(let loop): return try call(method.name, of: loop, arguments)
    case .cycler(let cycler):
      if method.name == "next" { return cycler.next() }
      cycler.reset()
      return .none
    case .double(let value): return .bool(value.rounded() == value)
    case .function: return try fromKeys(arguments)
    default: throw Problem("\(method.receiver.kind) has no method \"\(method.name)\"")
    }
  }

  private func call(_ name: String, of dict: DictValue, _ arguments: CallArguments) throws -> Value {
    switch name {
    case "get":
      guard (1...2).contains(arguments.positional.count), arguments.named.isEmpty else {
        throw Problem("get takes a key and a default")
      }
      return try dict.value(of: arguments.positional[0])
        ?? (arguments.positional.count > 1 ? arguments.positional[1] : .none)
    case "fromkeys": return try fromKeys(arguments)
    default: break
    }
    _ = try arguments.values(of: name)
    switch name {
    case "items": return .view(DictView(dict: dict, part: .items))
    case "keys": return .view(DictView(dict: dict, part: .keys))
    case "values": return .view(DictView(dict: dict, part: .values))
    default: return .dict(dict)
    }
  }

  private func fromKeys(_ arguments: CallArguments) throws -> Value {
    let values = try arguments.values("iterable", "value", of: "fromkeys")
    guard let keys = values[0] else { throw Problem("fromkeys needs the keys") }
    let value = values[1] ?? .none
    return .dict(try DictValue(try elements(keys).map { (key: $0, value: value) }))
  }

  private func call(_ name: String, of list: ListValue, _ arguments: CallArguments) throws -> Value {
    if name == "copy" { return .list(list) }
    guard let value = try arguments.values("value", of: name)[0] else { throw Problem("\(name) needs a value") }
    try budget.spend(list.extent.size)
    if name == "count" { return .int(list.items.count { $0.equals(value) }) }
    guard let place = list.items.firstIndex(where: { $0.equals(value) }) else {
      throw Problem("index: the value is not in the list")
    }
    return .int(place)
  }

  private func call(_ name: String, of loop: LoopValue, _ arguments: CallArguments) throws -> Value {
    let values = arguments.positional
    if name == "cycle" {
      if values.isEmpty { throw Problem("loop.cycle needs values to cycle through") }
      return values[loop.index % values.count]
    }
    let isSame = loop.lastChanged.map { $0.count == values.count && zip($0, values).allSatisfy { $0.equals($1) } }
    loop.lastChanged = values
    return .bool(!(isSame ?? false))
  }
}
