package import JSON

/// Grammars of JSON texts: a schema's, or any.
package struct JSONSchema {
  private var builder = GrammarBuilder()
  private let root: JSONValue
  /// Rules of places in the schema that were referred to.
  private var places: [String: Int32] = [:]
  /// Those of them that have yet to be written: one after the other, however many lead to each other.
  private var pending: [(pointer: String, entry: Int32)] = []

  /// Elements and characters that a schema may ask for by number, and alternatives that it may list.
  private static let mostRepeats = 4096

  private init(_ root: JSONValue) { self.root = root }

  /// Any JSON object.
  package static func anyObject() throws(GrammarError) -> GrammarProgram {
    var builder = GrammarBuilder()
    let start = try builder.anyObject()
    return try GrammarProgram(builder.code, start: start)
  }

  /// The values that fit a schema, of the keywords that strict structured outputs have; members come in the order of the
  /// schema, and those that it does not name do not come.
  ///
  /// - Parameters:
  ///   - prefix: text before the value.
  ///   - suffix: text behind it.
  /// - Throws: `GrammarError` naming the place and the keyword that is malformed or not supported.
  package static func grammar(
    _ schema: JSONValue, prefix: String = "", suffix: String = ""
  ) throws(GrammarError) -> GrammarProgram {
    var compiler = JSONSchema(schema)
    let value = try compiler.rule(at: "#")
    while let next = compiler.pending.popLast() { try compiler.write(next.pointer, to: next.entry) }
    let end = try compiler.builder.literal(suffix, compiler.builder.end())
    let start = try compiler.builder.literal(prefix, compiler.builder.call(value, end))
    return try GrammarProgram(compiler.builder.code, start: start)
  }

  // MARK: Places

  private mutating func rule(at pointer: String) throws(GrammarError) -> Int32 {
    if let known = places[pointer] { return known }
    let entry = try builder.reserve()
    places[pointer] = entry
    pending.append((pointer, entry))
    return entry
  }

  private mutating func write(_ pointer: String, to entry: Int32) throws(GrammarError) {
    let schema = try resolve(pointer)
    let end = try builder.end()
    builder.set(entry, to: [try value(schema, pointer, end)])
  }

  private func resolve(_ pointer: String) throws(GrammarError) -> JSONValue {
    guard pointer.hasPrefix("#") else {
      throw GrammarError("$ref \(quoted(pointer)): expected one within the schema, such as \"#/$defs/name\"")
    }
    var value = root
    for part in pointer.dropFirst().split(separator: "/") {
      let name = String(part).replacing("~1", with: "/").replacing("~0", with: "~")
      var next: JSONValue?
      if case .object(let members) = value { next = members[JSONString(name)] }
      if case .array(let elements) = value, let index = Int(name), elements.indices.contains(index) {
        next = elements[index]
      }
      guard let next else { throw GrammarError("$ref \(quoted(pointer)): there is no such place in the schema") }
      value = next
    }
    return value
  }

  // MARK: Values

  private static let annotations: Set<String> = [
    "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "format", "strict",
    "discriminator",
  ]
  private static let known: Set<String> = [
    "type", "enum", "const", "anyOf", "oneOf", "allOf", "properties", "required", "additionalProperties", "items",
    "minItems", "maxItems", "minLength", "maxLength", "definitions", "nullable",
  ]

  private mutating func value(_ schema: JSONValue, _ at: String, _ next: Int32) throws(GrammarError) -> Int32 {
    guard case .object(let members) = schema else {
      if case .bool(true) = schema { return try builder.call(builder.anyValue(), next) }
      throw GrammarError("schema at \(at): found \(schema.summary), expected an object")
    }
    for member in members
    where !member.name.text.hasPrefix("$") && !Self.annotations.contains(member.name.text)
      && !Self.known.contains(member.name.text)
    {
      throw GrammarError("schema at \(at): keyword \(quoted(member.name.text)) is not supported")
    }
    if case .bool(true) = members["nullable"] {
      return try builder.choice([plainValue(members, at, next), builder.literal("null", next)])
    }
    return try plainValue(members, at, next)
  }

  private mutating func plainValue(
    _ members: JSONMembers, _ at: String, _ next: Int32
  ) throws(GrammarError) -> Int32 {
    if let reference = members["$ref"] {
      guard case .string(let pointer) = reference else {
        throw GrammarError("schema at \(at): $ref is \(reference.summary), expected a string")
      }
      return try builder.call(rule(at: pointer.text), next)
    }
    if let value = members["const"] { return try builder.literal(value.text, next) }
    if let values = members["enum"] {
      let elements = try list(values, "enum", at)
      var ways: [Int32] = []
      for element in elements { ways.append(try builder.literal(element.text, next)) }
      return try builder.choice(ways)
    }
    for name in ["anyOf", "oneOf", "allOf"] {
      guard let alternatives = members[JSONString(name)] else { continue }
      let count = try list(alternatives, name, at).count
      if name == "allOf", count > 1 {
        throw GrammarError("schema at \(at): allOf of several schemas is not supported")
      }
      var ways: [Int32] = []
      for index in 0..<count { ways.append(try builder.call(rule(at: "\(at)/\(name)/\(index)"), next)) }
      return try builder.choice(ways)
    }
    return try typed(members, at, next)
  }

  private mutating func typed(_ members: JSONMembers, _ at: String, _ next: Int32) throws(GrammarError) -> Int32 {
    var types: [JSONValue] = []
    switch members["type"] {
    case nil:
      let isObject = members["properties"] != nil || members["required"] != nil
      if !isObject, members["items"] == nil { return try builder.call(builder.anyValue(), next) }
      types = [.string(isObject ? "object" : "array")]
    case .array(let several)? where !several.isEmpty: types = several
    case .some(let one): types = [one]
    }
    var ways: [Int32] = []
    for type in types {
      guard case .string(let name) = type else {
        throw GrammarError("schema at \(at): type is \(type.summary), expected a string")
      }
      ways.append(try value(of: name.text, members, at, next))
    }
    return ways.count == 1 ? ways[0] : try builder.choice(ways)
  }

  private mutating func value(
    of type: String, _ members: JSONMembers, _ at: String, _ next: Int32
  ) throws(GrammarError) -> Int32 {
    switch type {
    case "string":
      let (least, most) = try limits(members, "minLength", "maxLength", at)
      return try builder.string(least, most, next)
    case "number": return try builder.number(isInteger: false, next)
    case "integer": return try builder.number(isInteger: true, next)
    case "boolean": return try builder.choice([builder.literal("true", next), builder.literal("false", next)])
    case "null": return try builder.literal("null", next)
    case "array":
      let (least, most) = try limits(members, "minItems", "maxItems", at)
      let element = try members["items"] == nil ? builder.anyValue() : rule(at: at + "/items")
      return try builder.array(of: element, least, most, next)
    case "object": return try object(members, at, next)
    default: throw GrammarError("schema at \(at): type is \(quoted(type)), expected a type of JSON")
    }
  }

  private mutating func object(_ members: JSONMembers, _ at: String, _ next: Int32) throws(GrammarError) -> Int32 {
    var required: Set<String> = []
    if let names = members["required"], case .array(let names) = names {
      for case .string(let name) in names { required.insert(name.text) }
    }
    guard case .object(let properties)? = members["properties"], !properties.isEmpty else {
      if let name = required.first {
        throw GrammarError("schema at \(at): required names \(quoted(name)), no property")
      }
      return try freeObject(members, at, next)
    }
    for name in required where properties[JSONString(name)] == nil {
      throw GrammarError("schema at \(at): required names \(quoted(name)), which is no property")
    }
    // From the last property to the first: where others go before it, a comma does, too.
    let close = try builder.literal("}", next)
    let spaced = try builder.space(close)
    var (asFirst, behind) = (spaced, spaced)
    for property in properties.reversed() {
      let name = property.name
      let pointer = name.text.replacing("~", with: "~0").replacing("/", with: "~1")
      let value = try rule(at: "\(at)/properties/\(pointer)")
      let own = try builder.literal(name.literal, builder.colon(builder.call(value, behind)))
      let first = try builder.space(own)
      let later = try builder.comma(own)
      let isRequired = required.contains(name.text)
      asFirst = isRequired ? first : try builder.choice([first, asFirst])
      behind = isRequired ? later : try builder.choice([later, behind])
    }
    return try builder.literal("{", asFirst)
  }

  /// An object whose names the schema does not say.
  private mutating func freeObject(
    _ members: JSONMembers, _ at: String, _ next: Int32
  ) throws(GrammarError) -> Int32 {
    switch members["additionalProperties"] {
    case .bool(false)?: return try builder.literal("{}", next)
    case .object?: return try builder.map(to: rule(at: at + "/additionalProperties"), next)
    default: return try builder.call(builder.anyObject(), next)
    }
  }

  // MARK: Fields

  private func list(_ value: JSONValue, _ name: String, _ at: String) throws(GrammarError) -> [JSONValue] {
    guard case .array(let elements) = value, !elements.isEmpty else {
      throw GrammarError("schema at \(at): \(name) is \(value.summary), expected a list with an element")
    }
    guard elements.count <= Self.mostRepeats else {
      throw GrammarError(
        "schema at \(at): \(name) has \(elements.count) elements, expected at most \(Self.mostRepeats)")
    }
    return elements
  }

  private func limits(
    _ members: JSONMembers, _ least: String, _ most: String, _ at: String
  ) throws(GrammarError) -> (Int, Int?) {
    func limit(_ name: String) throws(GrammarError) -> Int? {
      guard let value = members[JSONString(name)] else { return nil }
      guard case .int(let count) = value, (0...Self.mostRepeats).contains(count) else {
        throw GrammarError(
          "schema at \(at): \(name) is \(value.summary), expected a whole number from 0 to \(Self.mostRepeats)")
      }
      return count
    }
    let (lower, upper) = (try limit(least) ?? 0, try limit(most))
    if let upper, upper < lower { throw GrammarError("schema at \(at): \(most) is less than \(least)") }
    return (lower, upper)
  }
}
