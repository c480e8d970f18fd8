import Engine
import JSON

/// What completions and chats have in common: how to generate, and how to answer.
struct GenerationFields: Sendable {
  var maxTokens: Int?
  /// Answers a prompt.
  var choices: Int
  var stops: [String]
  var stopTokens: Set<Int32>
  var ignoresEnd: Bool
  var streams: Bool
  var streamsUsage: Bool
  var sampling: SamplingOptions
  var priority: Int

  private static let mostStops = 16
  private static let mostChoices = 128

  init(_ fields: Fields, defaults: SamplingOptions, vocabulary: Int) throws(APIError) {
    let most = try fields.int("max_tokens", 0...Int.max)
    maxTokens = try fields.int("max_completion_tokens", 1...Int.max) ?? most
    choices = try fields.int("n", 1...Self.mostChoices) ?? 1
    if let best = try fields.int("best_of", 1...Self.mostChoices), best != choices {
      throw .invalid("best_of is \(best), expected n, which is \(choices)", param: "best_of")
    }
    stops = try Self.stops(fields)
    stopTokens = Set(try fields.tokens("stop_token_ids", fields.list("stop_token_ids") ?? [], vocabulary: vocabulary))
    ignoresEnd = try fields.bool("ignore_eos") ?? false
    streams = try fields.bool("stream") ?? false
    let streamOptions = try fields.object("stream_options")
    if streamOptions != nil, !streams {
      throw .invalid("stream_options goes with stream, which is not true", param: "stream_options")
    }
    streamsUsage = try streamOptions?.bool("include_usage") ?? false
    sampling = try Self.sampling(fields, defaults, vocabulary)
    priority = try fields.int("priority", -1_000_000...1_000_000) ?? 0
  }

  private static func stops(_ fields: Fields) throws(APIError) -> [String] {
    let elements: [JSONValue]
    switch fields["stop"] {
    case nil: return []
    case .array(let several)?: elements = several
    case .some(let one): elements = [one]
    }
    guard elements.count <= mostStops else {
      throw .invalid("stop has \(elements.count) strings, expected at most \(mostStops)", param: "stop")
    }
    var stops: [String] = []
    for element in elements {
      guard case .string(let stop) = element, !stop.text.isEmpty else {
        throw fields.wrong("stop", element, expected: "strings that are not empty")
      }
      stops.append(stop.text)
    }
    return stops
  }

  private static func sampling(
    _ fields: Fields, _ defaults: SamplingOptions, _ vocabulary: Int
  ) throws(APIError) -> SamplingOptions {
    var sampling = defaults
    if let value = try fields.number("temperature", 0...100) { sampling.temperature = Float(value) }
    if let value = try fields.number("top_p", 0...1) {
      guard value > 0 else { throw .invalid("top_p is 0, expected more", param: "top_p") }
      sampling.topP = max(Float(value), .leastNormalMagnitude)
    }
    if let value = try fields.int("top_k", -1...Int.max) { sampling.topK = max(0, value) }
    if let value = try fields.number("min_p", 0...1) { sampling.minP = Float(value) }
    let seed = try fields.int("seed", Int.min...Int.max).map { UInt64(bitPattern: Int64($0)) }
    sampling.seed = seed ?? UInt64.random(in: .min ... .max)
    var adjustment = LogitAdjustment()
    if let value = try fields.number("presence_penalty", -2...2) { adjustment.presencePenalty = Float(value) }
    if let value = try fields.number("frequency_penalty", -2...2) { adjustment.frequencyPenalty = Float(value) }
    if let value = try fields.number("repetition_penalty", 0.01...100) { adjustment.repetitionPenalty = Float(value) }
    if let bias = try fields.object("logit_bias") {
      for member in bias.members {
        let name = member.name.text
        guard let token = Int32(name), (0..<Int32(vocabulary)).contains(token) else {
          throw .invalid(
            "logit_bias has \(quoted(name)), expected token ids from 0 to \(vocabulary - 1)", param: "logit_bias")
        }
        adjustment.bias[token] = Float(try bias.number(name, -100...100) ?? 0)
      }
    }
    sampling.adjustment = adjustment
    return sampling
  }
}
