/// Names a request for as long as it lives; never used twice.
package struct RequestID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let value: Int

  package init(_ value: Int) { self.value = value }

  package static func < (a: RequestID, b: RequestID) -> Bool { a.value < b.value }
  package var description: String { "request \(value)" }
}

/// What the scheduler knows of a request: lengths, never tokens.
package struct RequestShape: Sendable, Equatable {
  package let id: RequestID
  /// Tokens of the prompt, at least 1.
  package let promptTokens: Int
  /// Tokens to generate at most, at least 1.
  package let maxTokens: Int

  package init(id: RequestID, promptTokens: Int, maxTokens: Int) {
    self.id = id
    self.promptTokens = promptTokens
    self.maxTokens = maxTokens
  }

  /// Positions that the KV cache has to hold: all but the last generated token, which is never fed back.
  package var positions: Int { promptTokens + maxTokens - 1 }
}

/// A request that no schedule can run; the text says which limit it breaks.
package struct SchedulingError: Error, CustomStringConvertible, Sendable, Equatable {
  package let description: String

  package init(_ description: String) { self.description = description }
}
