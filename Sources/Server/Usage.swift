import JSON
import Logging

/// The tokens of an answer.
struct Usage: Sendable, Equatable {
  var promptTokens: Int
  var completionTokens = 0

  var json: JSONValue {
    [
      "prompt_tokens": .int(promptTokens), "completion_tokens": .int(completionTokens),
      "total_tokens": .int(promptTokens + completionTokens),
    ]
  }

  /// For the log.
  var metadata: Logger.Metadata {
    [
      "prompt_tokens": .stringConvertible(promptTokens),
      "completion_tokens": .stringConvertible(completionTokens),
    ]
  }
}
