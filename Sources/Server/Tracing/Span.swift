import JSON

/// A part of what became of a request, as OpenTelemetry has it.
struct Span: Sendable, Equatable {
  enum Kind: Int, Sendable {
    case inside = 1
    case server = 2
  }

  var trace: String
  var id = TraceContext.randomID(bytes: 8)
  var parent: String?
  var name: String
  var kind = Kind.inside
  /// Nanoseconds since 1970.
  var start: Int
  var end: Int
  var attributes: [(name: String, value: JSONValue)] = []
  /// Why it failed; nil if it did not.
  var failure: String?

  static func == (left: Self, right: Self) -> Bool { left.json == right.json }

  /// In OTLP's JSON (opentelemetry-proto 1.3, `Span`).
  var json: JSONValue {
    var members = JSONMembers()
    _ = members.add("traceId", .text(trace))
    _ = members.add("spanId", .text(id))
    if let parent { _ = members.add("parentSpanId", .text(parent)) }
    _ = members.add("name", .text(name))
    _ = members.add("kind", .int(kind.rawValue))
    _ = members.add("startTimeUnixNano", .text(String(start)))
    _ = members.add("endTimeUnixNano", .text(String(end)))
    _ = members.add("attributes", Self.attributes(attributes))
    _ = members.add("status", failure.map { ["code": 2, "message": .text($0)] } ?? .object(JSONMembers()))
    return .object(members)
  }

  /// A request's body that brings spans to a collector.
  static func export(_ spans: [Span]) -> JSONValue {
    [
      "resourceSpans": [
        [
          "resource": ["attributes": attributes([("service.name", "strata")])],
          "scopeSpans": [["scope": ["name": "strata"], "spans": .array(spans.map(\.json))]],
        ]
      ]
    ]
  }

  private static func attributes(_ attributes: [(name: String, value: JSONValue)]) -> JSONValue {
    .array(attributes.map { ["key": .text($0.name), "value": any($0.value)] })
  }

  /// OTLP's `AnyValue`, whose whole numbers are texts.
  private static func any(_ value: JSONValue) -> JSONValue {
    switch value {
    case .int(let number): ["intValue": .text(String(number))]
    case .double: ["doubleValue": value]
    case .bool: ["boolValue": value]
    case .array(let values): ["arrayValue": ["values": .array(values.map(any))]]
    case .string: ["stringValue": value]
    case .null, .object: ["stringValue": .text(value.text)]
    }
  }
}
