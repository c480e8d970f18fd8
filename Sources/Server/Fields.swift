import JSON

/// The members of a request's body, read by name and type; null is as good as nothing.
struct Fields: Sendable {
  let members: JSONMembers
  /// Where it lies in the body, for messages: `messages.0.`
  private let path: String

  init(_ members: JSONMembers, path: String = "") {
    self.members = members
    self.path = path
  }

  /// - Throws: `APIError` for a body that is no JSON object.
  init(body: [UInt8]) throws(APIError) {
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONParser.parse(body)
    } catch {
      throw .invalid("the body is not valid JSON: \(error.problem), at byte \(error.offset)")
    }
    guard case .object(let members) = value else {
      throw .invalid("the body is \(value.summary), expected a JSON object")
    }
    self.init(members)
  }

  subscript(name: String) -> JSONValue? {
    guard let value = members[JSONString(name)], !value.isNull else { return nil }
    return value
  }

  func wrong(_ name: String, _ value: JSONValue, expected: String) -> APIError {
    .invalid("\(path)\(name) is \(value.summary), expected \(expected)", param: path + name)
  }

  func missing(_ name: String, expected: String) -> APIError {
    .invalid("\(path)\(name) is missing, expected \(expected)", param: path + name)
  }

  func int(_ name: String, _ range: ClosedRange<Int>) throws(APIError) -> Int? {
    guard let value = self[name] else { return nil }
    guard case .int(let number) = value, range.contains(number) else {
      let numbers =
        range.upperBound == .max ? "of \(range.lowerBound) or more" : "from \(range.lowerBound) to \(range.upperBound)"
      throw wrong(name, value, expected: "a whole number \(numbers)")
    }
    return number
  }

  func number(_ name: String, _ range: ClosedRange<Double>) throws(APIError) -> Double? {
    guard let value = self[name] else { return nil }
    let number: Double? =
      switch value {
      case .int(let int): Double(int)
      case .double(let double): double
      default: nil
      }
    guard let number, range.contains(number) else {
      throw wrong(name, value, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  func bool(_ name: String) throws(APIError) -> Bool? {
    guard let value = self[name] else { return nil }
    guard case .bool(let bool) = value else { throw wrong(name, value, expected: "true or false") }
    return bool
  }

  func string(_ name: String) throws(APIError) -> String? {
    guard let value = self[name] else { return nil }
    guard case .string(let string) = value else { throw wrong(name, value, expected: "a string") }
    return string.text
  }

  func list(_ name: String) throws(APIError) -> [JSONValue]? {
    guard let value = self[name] else { return nil }
    guard case .array(let elements) = value else { throw wrong(name, value, expected: "a list") }
    return elements
  }

  func object(_ name: String) throws(APIError) -> Fields? {
    guard let value = self[name] else { return nil }
    guard case .object(let members) = value else { throw wrong(name, value, expected: "an object") }
    return Fields(members, path: "\(path)\(name).")
  }

  /// A list's elements, each an object.
  func objects(_ name: String) throws(APIError) -> [Fields]? {
    guard let elements = try list(name) else { return nil }
    var result: [Fields] = []
    for (index, element) in elements.enumerated() {
      guard case .object(let members) = element else { throw wrong("\(name).\(index)", element, expected: "an object") }
      result.append(Fields(members, path: "\(path)\(name).\(index)."))
    }
    return result
  }

  /// A list of token ids below `vocabulary`.
  func tokens(_ name: String, _ elements: [JSONValue], vocabulary: Int) throws(APIError) -> [Int32] {
    var tokens: [Int32] = []
    tokens.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
      guard case .int(let token) = element, (0..<vocabulary).contains(token) else {
        throw wrong("\(name).\(index)", element, expected: "a token id from 0 to \(vocabulary - 1)")
      }
      tokens.append(Int32(token))
    }
    return tokens
  }
}
