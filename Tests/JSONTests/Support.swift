import JSON

/// The value that `text` spells, by the standard.
func json(_ text: String) throws(JSONError) -> JSONValue { try JSONParser.parse(Array(text.utf8)) }

/// The value that `text` spells, as Python writes it.
func pythonJSON(_ text: String) throws(JSONError) -> JSONValue {
  try JSONParser.parse(Array(text.utf8), allowingNonFinite: true)
}

extension JSONValue {
  /// The value of a member; nil also where this is no object.
  subscript(name: JSONString) -> JSONValue? {
    if case .object(let members) = self { members[name] } else { nil }
  }
}
