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
  /// Seconds on the scheduler's clock.
  package let arrival: Double
  /// Lower comes first; each level is worth `secondsPerPriority` of earlier arrival.
  package let priority: Int
  /// The keys of the prompt's full KV blocks, in order; empty for a request that shares none.
  package let blockKeys: [BlockKey]

  package init(
    id: RequestID, promptTokens: Int, maxTokens: Int, arrival: Double = 0, priority: Int = 0, blockKeys: [BlockKey] = []
  ) {
    self.id = id
    self.promptTokens = promptTokens
    self.maxTokens = maxTokens
    self.arrival = arrival
    self.priority = priority
    self.blockKeys = blockKeys
  }

  /// Positions that the KV cache has to hold: all but the last generated token, which is never fed back.
  package var positions: Int { promptTokens + maxTokens - 1 }

  /// So much earlier than its arrival a request seems to have come for each level of priority. However many requests of
  /// a better priority come, those that come later than that stand behind: nobody starves.
  package static let secondsPerPriority = 10.0

  /// Who comes first: by arrival with priority, then in the order of submission.
  package var turn: Turn { Turn(time: arrival + Double(priority) * Self.secondsPerPriority, id: id) }
}

/// A request's place in the order in which requests are served; it never changes.
package struct Turn: Comparable, Hashable, Sendable {
  let time: Double
  let id: RequestID

  package static func < (a: Turn, b: Turn) -> Bool { a.time != b.time ? a.time < b.time : a.id < b.id }
}

/// A request that no schedule can run; the text says which limit it breaks.
package struct SchedulingError: Error, CustomStringConvertible, Sendable, Equatable {
  package let description: String

  package init(_ description: String) { self.description = description }
}
