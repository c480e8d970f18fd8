import Foundation

/// Functions that every template has.
enum GlobalFunction: String, CaseIterable {
  case range
  case dict
  case namespace
  case cycler
  case joiner
  case raiseException = "raise_exception"
  case strftimeNow = "strftime_now"
}

extension Renderer {
  func call(_ function: GlobalFunction, _ arguments: CallArguments) throws -> Value {
    switch function {
    case .range: return try range(arguments)
    case .dict: return .dict(try DictValue(entries(arguments)))
    case .namespace:
      let namespace = try newNamespace()
      for (name, value) in try entries(arguments) {
        guard case .text(let name) = name else { throw Problem("the attributes of a namespace must be strings") }
        try set(name.string, of: namespace, to: value)
      }
      return .namespace(namespace)
    case .cycler:
      if arguments.positional.isEmpty { throw Problem("cycler needs at least one argument") }
      return .cycler(try CyclerValue(arguments.positional))
    case .joiner:
      let separator = try arguments.values("sep", of: "joiner")[0] ?? .string(", ")
      return .cycler(try CyclerValue([.string(""), separator], isJoiner: true))
    case .raiseException:
      guard let message = try arguments.values("message", of: "raise_exception")[0] else {
        throw Problem("raise_exception needs a message")
      }
      throw Problem(try printed(message), isRaised: true)
    case .strftimeNow:
      guard case .text(let format)? = try arguments.values("format", of: "strftime_now")[0] else {
        throw Problem("strftime_now needs a format, a string")
      }
      return try text(DateText.text(now, format: format.string))
    }
  }

  private func range(_ arguments: CallArguments) throws -> Value {
    let bounds = try arguments.positional.map { value in
      guard let bound = value.integer else { throw Problem("range needs integers, found \(value.kind)") }
      return bound
    }
    guard (1...3).contains(bounds.count), arguments.named.isEmpty else { throw Problem("range takes 1 to 3 arguments") }
    let step = bounds.count == 3 ? bounds[2] : 1
    let (start, stop) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
    if step == 0 { throw Problem("range with the step 0") }
    let range = RangeValue(start: start, stop: stop, step: step)
    if range.isTooLong { throw Problem("a range of more than \(Budget.range) numbers") }
    return .range(range)
  }

  /// What Python's `dict(...)` makes of its arguments.
  private func entries(_ arguments: CallArguments) throws -> [(key: Value, value: Value)] {
    guard arguments.positional.count <= 1 else { throw Problem("expected at most one argument without a name") }
    var entries: [(key: Value, value: Value)] = []
    switch arguments.positional.first {
    case nil: break
    case .dict(let dict)?: entries = dict.entries.map { ($0, $1) }
    case .namespace(let namespace)?: entries = namespace.attributes.map { (.string($0.name), $0.value) }
    case let list?:
      for pair in try elements(list) {
        let pair = try elements(pair)
        guard pair.count == 2 else { throw Problem("expected pairs of a key and a value") }
        entries.append((pair[0], pair[1]))
      }
    }
    return entries + arguments.named.map { (.string($0.name), $0.value) }
  }
}

/// A time as the C library's `strftime` writes it, in the local time zone.
enum DateText {
  static func text(_ date: Date, format: String) throws -> String {
    if format.isEmpty { return "" }
    guard format.utf8.count <= 1000, !format.utf8.contains(0) else { throw Problem("a format of more than 1000 bytes") }
    var seconds = time_t(date.timeIntervalSince1970.rounded(.down))
    var parts = tm()
    localtime_r(&seconds, &parts)
    var buffer = [CChar](repeating: 0, count: 64 * 1024)
    let count = strftime(&buffer, buffer.count, format, &parts)
    return String(decoding: buffer.prefix(count).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
