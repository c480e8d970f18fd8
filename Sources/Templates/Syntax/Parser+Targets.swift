// What a value can be given to.
extension Parser {
  mutating func plainName() throws -> String {
    let name = try name()
    if ["true", "True", "false", "False", "none", "None"].contains(name) { throw error("\"\(name)\" cannot be set") }
    return name
  }

  mutating func target(end: String? = nil, withAttributes: Bool = false) throws -> Target {
    var targets: [Target] = []
    var isTuple = false
    while true {
      if !targets.isEmpty { try expect(",") }
      if isTupleEnd(end) || isAt("=") { break }
      targets.append(try nested { try $0.singleTarget(withAttributes: withAttributes) })
      guard isAt(",") else { break }
      isTuple = true
    }
    if !isTuple, let target = targets.first { return target }
    if targets.isEmpty { throw unexpected("a name") }
    return .tuple(targets)
  }

  private mutating func singleTarget(withAttributes: Bool) throws -> Target {
    if take("(") {
      let target = try target()
      try expect(")")
      return target
    }
    let name = try plainName()
    if withAttributes, take(".") { return .attribute(of: symbol(name), try self.name()) }
    return .name(symbol(name))
  }
}
