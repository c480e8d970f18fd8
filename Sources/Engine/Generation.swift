package import Grammars
package import Scheduling

/// A prompt, and how to continue it.
package struct GenerationRequest: Sendable {
  package var prompt: [Int32]
  package var maxTokens: Int
  package var sampling: SamplingOptions
  /// Tokens that end the text.
  package var stopTokens: Set<Int32>
  /// Tokens that follow whatever the logits say, for measuring; behind them, and unless given, tokens are chosen.
  package var continuation: [Int32] = []
  /// What to keep of the prompt's way through the model.
  package var capture: CaptureOptions?
  /// Lower comes first.
  package var priority: Int
  /// How many of the most probable tokens come with each token's own log probability; nil for none of it.
  package var logprobs: Int?
  /// What the text has to be; nil for any text.
  package var grammar: GrammarMatcher?

  package init(
    prompt: [Int32], maxTokens: Int, sampling: SamplingOptions = .greedy, stopTokens: Set<Int32> = [],
    capture: CaptureOptions? = nil, priority: Int = 0
  ) {
    self.prompt = prompt
    self.maxTokens = maxTokens
    self.sampling = sampling
    self.stopTokens = stopTokens
    self.capture = capture
    self.priority = priority
  }

  package var positions: Int { prompt.count + maxTokens - 1 }
}

/// What happens to a request, in order: tokens, then its end.
package enum GenerationEvent: Sendable {
  /// A token, and the text that it completes: empty while a character is not whole.
  case token(Int32, text: String, logprobs: TokenLogprobs?)
  /// Before the first token, if asked for: what the model gave each token of the prompt behind the first one.
  case prompt([TokenLogprobs])
  case finished(GenerationResult)
}

package enum FinishReason: String, Sendable {
  /// A stop token.
  case stop
  /// `maxTokens` is reached.
  case length
}

/// A request's whole output and its times, all in seconds.
package struct GenerationResult: Sendable {
  package var promptTokens: Int
  /// Generated tokens; the last is the stop token if that was the reason to finish.
  package var tokens: [Int32]
  package var text: String
  package var finishReason: FinishReason
  /// When it was submitted, on the engine's clock.
  package var arrival: Double
  /// When the first of its prompt began to pass the model.
  package var began: Double?
  /// When each token came.
  package var tokenTimes: [Double]
  /// Requests that were not done when it was submitted, itself not counted.
  package var inSystemAtArrival: Int
  package var capture: Capture?
}

extension GenerationResult {
  package var times: RequestTimes { RequestTimes(arrival: arrival, promptTokens: promptTokens, tokens: tokenTimes) }

  /// From submission to the first token (TTFT).
  package var timeToFirstToken: Double { times.timeToFirstToken ?? 0 }
  /// Mean time between tokens (TBT); nil with a single token.
  package var meanTimeBetweenTokens: Double? { tokenTimes.count > 1 ? times.timePerOutputToken : nil }
  /// From submission to the last token (E2E).
  package var duration: Double { times.duration ?? 0 }
}

/// Which inner states of a prompt to keep.
package struct CaptureOptions: Sendable, Equatable {
  /// Logits of every position, not only the last.
  package var allLogits: Bool
  /// Hidden states and chosen experts of every layer.
  package var hidden: Bool
  /// The logits that each generated token was chosen from.
  package var generated: Bool
  /// Chosen experts of every layer.
  package var router: Bool
  /// How many of the most probable tokens are kept for each token of the prompt, beside its own log probability.
  package var promptLogprobs: Int?

  package init(
    allLogits: Bool = false, hidden: Bool = false, generated: Bool = false, router: Bool = false,
    promptLogprobs: Int? = nil
  ) {
    self.allLogits = allLogits
    self.promptLogprobs = promptLogprobs
    self.hidden = hidden
    self.generated = generated
    self.router = router || hidden
  }

  /// Whether all of the prompt's tokens have to pass the model, so that no KV block of it can come from others.
  var needsWholePrompt: Bool { allLogits || router || promptLogprobs != nil }
}

/// The inner states of a prompt of T tokens.
package struct Capture: Sendable, Equatable {
  /// [1 or T, vocabulary]
  package var logits: [Float] = []
  /// For each layer its input [T, hidden], then the output of the final norm; empty if not asked for.
  package var hidden: [[Float]] = []
  /// For each layer the chosen experts [T, chosen], best first; empty in dense layers.
  package var router: [[Int32]] = []
  /// For each token of the prompt behind the first.
  package var promptLogprobs: [TokenLogprobs] = []
  /// For each generated token the logits [vocabulary] that it was chosen from; empty if not asked for.
  package var generated: [[Float]] = []
}
