/// Names and their values in a part of a template; what is not found is looked for in the scope around it.
final class Scope {
  private var names: [Symbol] = []
  private var values: [Value] = []
  private let parent: Scope?

  init(_ parent: Scope?) { self.parent = parent }

  func value(_ name: Symbol) -> Value? {
    if let place = names.firstIndex(of: name) { return values[place] }
    return parent?.value(name)
  }

  func set(_ name: Symbol, _ value: Value) {
    if let place = names.firstIndex(of: name) {
      values[place] = value
    } else {
      names.append(name)
      values.append(value)
    }
  }

  /// Breaks cycles through the macros in it.
  func removeAll() {
    names = []
    values = []
  }
}

final class MacroValue {
  let signature: Signature
  /// Where it was defined.
  let scope: Scope

  init(_ signature: Signature, scope: Scope) {
    self.signature = signature
    self.scope = scope
  }
}

/// The variable `loop` of a loop.
final class LoopValue {
  let items: [Value]
  var index = 0
  let depth: Int
  /// What `changed` was last called with.
  var lastChanged: [Value]?
  /// For `loop(items)`, in a recursive loop.
  let recursion: (loop: Loop, scope: Scope)?

  init(_ items: [Value], depth: Int, recursion: (loop: Loop, scope: Scope)?) {
    self.items = items
    self.depth = depth
    self.recursion = recursion
  }

  func attribute(_ name: String) -> Value? {
    switch name {
    case "index": .int(index + 1)
    case "index0": .int(index)
    case "revindex": .int(items.count - index)
    case "revindex0": .int(items.count - index - 1)
    case "first": .bool(index == 0)
    case "last": .bool(index == items.count - 1)
    case "length": .int(items.count)
    case "depth": .int(depth)
    case "depth0": .int(depth - 1)
    case "previtem": index > 0 ? items[index - 1] : .undefined("there is no previous item")
    case "nextitem": index + 1 < items.count ? items[index + 1] : .undefined("there is no next item")
    case "cycle", "changed": .method(MethodValue(.loop(self), name))
    default: nil
    }
  }

  /// What a loop over the loop itself gives. Jinja's would take them from the loop around it too.
  func remaining() throws -> [Value] { throw Problem("a loop over the variable loop is not supported") }
}

/// The values in the brackets of a call.
struct CallArguments {
  var positional: [Value] = []
  var named: [(name: String, value: Value)] = []

  /// Takes the argument of a name.
  mutating func take(_ name: String) -> Value? {
    guard let place = named.firstIndex(where: { $0.name == name }) else { return nil }
    return named.remove(at: place).value
  }

  /// The values of a function's parameters, in their order: given by position or by name; nil where not given.
  /// - Throws: for an argument that is given twice or that no parameter takes.
  func values(_ parameters: String..., of function: String) throws -> [Value?] {
    guard positional.count <= parameters.count else {
      throw Problem("\(function) takes at most \(parameters.count) arguments, found \(positional.count)")
    }
    var values: [Value?] = positional + Array(repeating: nil, count: parameters.count - positional.count)
    for (name, value) in named {
      guard let place = parameters.firstIndex(of: name) else {
        throw Problem("\(function) has no argument \"\(name)\"")
      }
      if values[place] != nil { throw Problem("\(function) has two values for the argument \"\(name)\"") }
      values[place] = value
    }
    return values
  }
}
