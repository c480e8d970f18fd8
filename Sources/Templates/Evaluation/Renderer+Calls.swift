extension Renderer {
  func call(_ function: Value, _ arguments: CallArguments) throws -> Value {
    switch function {
    case .macro(let macro): return .string(try nested { try call(macro, arguments) })
    case .function(let function): return try call(function, arguments)
    case .method(let method): return try call(method, arguments)
    case .loop(let loop):
      guard let (body, scope) = loop.recursion else { throw Problem("the loop is not recursive, and cannot be called") }
      guard let items = try arguments.values("items", of: "loop")[0] else { throw Problem("loop needs an argument") }
      var output = ""
      try nested { try run(body, over: elements(items), depth: loop.depth + 1, in: scope, into: &output) }
      return .string(output)
    case .cycler(let cycler) where cycler.isJoiner: return cycler.next()
    case .undefined(let what): throw Problem("\(what) is undefined, and cannot be called")
    default: throw Problem("\(function.kind) cannot be called")
    }
  }

  private func call(_ macro: MacroValue, _ arguments: CallArguments) throws -> String {
    let signature = macro.signature
    var arguments = arguments
    let scope = Scope(macro.scope)
    let parameters = signature.parameters
    let given = arguments.positional.prefix(parameters.count)
    for (parameter, value) in zip(parameters, given) { scope.set(parameter, value) }
    for (index, parameter) in parameters.enumerated().dropFirst(given.count) {
      if let value = arguments.take(syntax.names[parameter]) {
        scope.set(parameter, value)
      } else {
        let place = index - (parameters.count - signature.defaults.count)
        let value =
          place < 0
          ? .undefined("the argument \"\(syntax.names[parameter])\" of the macro \"\(signature.name)\"")
          : try evaluate(signature.defaults[place], in: scope)
        scope.set(parameter, value)
      }
    }
    if signature.usesCaller, !parameters.contains(Names.caller) {
      scope.set(Names.caller, arguments.take("caller") ?? .undefined("caller"))
    }
    if signature.usesKwargs {
      scope.set(Names.kwargs, .dict(try DictValue(arguments.named.map { (.string($0.name), $0.value) })))
    } else if let extra = arguments.named.first {
      throw Problem("the macro \"\(signature.name)\" has no argument \"\(extra.name)\"")
    }
    let extra = Array(arguments.positional.dropFirst(parameters.count))
    if signature.usesVarargs {
      scope.set(Names.varargs, try list(extra, isTuple: true))
    } else if !extra.isEmpty {
      throw Problem("the macro \"\(signature.name)\" takes at most \(parameters.count) arguments")
    }
    return try captured(signature.body, in: scope)
  }
}
