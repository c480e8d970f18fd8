package import Scheduling

/// What a run of several prompts did, for a summary or as JSON.
package struct RunReport: Sendable, Encodable {
  package struct Entry: Sendable, Encodable {
    package var prompt: String
    package var text: String
    package var tokens: [Int32]
    package var finishReason: String
    package var promptTokens: Int
    package var outputTokens: Int
    /// Seconds, as all times here.
    package var timeToFirstToken: Double
    package var meanTimeBetweenTokens: Double?
    package var duration: Double
  }

  package var device: String
  package var policy: String
  /// Of the sampling; the same one gives the same text.
  package var seed: UInt64
  package var requests: [Entry]
  /// Generated tokens of all requests for each second until the last one was done.
  package var outputTokensPerSecond: Double
  package var expertBytesDecode: Int
  package var expertBytesPrefill: Int
  package var ledger: Ledger

  package init(
    device: String, policy: String, seed: UInt64, prompts: [String], results: [GenerationResult],
    ledger: Ledger
  ) {
    self.device = device
    self.policy = policy
    self.seed = seed
    requests = zip(prompts, results).map { prompt, result in
      Entry(
        prompt: prompt, text: result.text, tokens: result.tokens, finishReason: result.finishReason.rawValue,
        promptTokens: result.promptTokens, outputTokens: result.tokens.count,
        timeToFirstToken: result.timeToFirstToken, meanTimeBetweenTokens: result.meanTimeBetweenTokens,
        duration: result.duration)
    }
    let longest = results.map(\.duration).max() ?? 0
    outputTokensPerSecond = longest > 0 ? Double(results.reduce(0) { $0 + $1.tokens.count }) / longest : 0
    let experts = ledger.total.memory[.expert] ?? Ledger.Phases()
    expertBytesDecode = Int(experts.decode)
    expertBytesPrefill = Int(experts.prefill)
    self.ledger = ledger
  }

  /// For a person, one line a request and one for all.
  package var summary: [String] {
    var lines = requests.enumerated().map { index, entry in
      var line = requests.count > 1 ? "prompt \(index + 1): " : ""
      line += "\(entry.promptTokens) prompt tokens, \(entry.outputTokens) output tokens (\(entry.finishReason)), "
      line += "TTFT \(milliseconds(entry.timeToFirstToken))"
      if let gap = entry.meanTimeBetweenTokens { line += ", mean TBT \(milliseconds(gap))" }
      return line
    }
    lines.append(
      "\(device), \(policy): \(fixed(outputTokensPerSecond, 1)) output tokens/s; experts' weights read: "
        + "\(readable(expertBytesPrefill)) in prefill, \(readable(expertBytesDecode)) in decode")
    if let link = ledger.linkSummary { lines.append(link) }
    return lines
  }

  private func milliseconds(_ seconds: Double) -> String { fixed(seconds * 1000, 1) + " ms" }
}
