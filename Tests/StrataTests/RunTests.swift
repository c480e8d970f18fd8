import Foundation
import TestSupport
import Testing

/// `strata run` on the bundled model: what it writes, and what options do.
struct RunTests {
  private let model = Fixtures.path("tiny-moe")

  /// Arguments that give `prompt`'s 48 tokens on the reference.
  private var greedy: [String] {
    ["run", "--model", model, "--prompt", Greedy.prompt, "--temperature", "0", "--max-tokens", "48"]
      + ["--device", "reference"]
  }

  @Test(arguments: Strata.targets)
  func greedyTokensAreHuggingFaces(device: String) async throws {
    let expected = try Greedy.all().sorted { $0.key < $1.key }
    #expect(expected.count == 4)
    let prompts = expected.flatMap { ["--prompt", $0.key] }
    let outcome = try await Strata.run(
      ["run", "--model", model, "--temperature", "0", "--max-tokens", "48", "--device", device, "--json"] + prompts)
    let report = try outcome.expectSuccess().json(RunJSON.self)
    #expect(report.requests.map(\.prompt) == expected.map(\.key))
    for (request, (prompt, greedy)) in zip(report.requests, expected) {
      greedy.expect(request.tokens, prompt)
      #expect(request.outputTokens == 48 && request.finishReason == "length")
      if request.tokens == greedy.tokens { #expect(prompt + request.text == greedy.text) }
    }
  }

  /// One write a token, and a last one that ends the line.
  @Test func textStreamsTokenByToken() async throws {
    let (tokens, text) = try Greedy.continuation()
    let outcome = try await Strata.run(greedy, output: .packets).expectSuccess()
    let pieces = outcome.pieces.map { String(decoding: $0, as: UTF8.self) }
    #expect(pieces.count == tokens.count + 1)
    #expect(pieces.first == "I")
    #expect(pieces.last == "\n")
    #expect(pieces.dropLast().joined() == text)
  }

  @Test func theSummaryIsOnStderr() async throws {
    let outcome = try await Strata.run(greedy).expectSuccess()
    #expect(outcome.output == (try Greedy.continuation().text) + "\n")
    let number = #"[0-9]+\.[0-9]"#
    let size = #"[0-9]+\.[0-9] [KM]iB"#
    let lines = try Regex(
      #"[0-9]+ prompt tokens, 48 output tokens \(length\), TTFT "# + number + " ms, mean TBT " + number + " ms\n"
        + "reference, layered: " + number + " output tokens/s; experts' weights read: " + size + " in prefill, " + size
        + " in decode\n")
    #expect(outcome.messages.wholeMatch(of: lines) != nil, "\(outcome)")
  }

  @Test func jsonIsOneObjectAndNothingElse() async throws {
    let (tokens, text) = try Greedy.continuation()
    let outcome = try await Strata.run(greedy + ["--json"]).expectSuccess()
    let report = try outcome.json(RunJSON.self)
    let request = try #require(report.requests.first)
    #expect(report.requests.count == 1)
    #expect(request.prompt == Greedy.prompt)
    #expect(request.tokens == tokens && request.text == text)
    #expect(report.device == "reference" && report.policy == "layered")
    #expect(0 < request.timeToFirstToken && request.timeToFirstToken < request.duration)
    // The 47 gaps between 48 tokens fill the time from the first token to the last.
    let gaps = 47 * (try #require(request.meanTimeBetweenTokens))
    #expect(abs(request.timeToFirstToken + gaps - request.duration) < 1e-6)
    #expect(abs(report.outputTokensPerSecond - 48 / request.duration) < 1e-6 * report.outputTokensPerSecond)
  }

  @Test func severalPromptsHaveHeadings() async throws {
    let text = try Greedy.continuation().text
    let file = try TemporaryFolder()
    let path = try file.write("prompt.txt", Greedy.prompt)
    let outcome = try await Strata.run(greedy + ["--prompt-file", path]).expectSuccess()
    #expect(outcome.output == "==> prompt 1 <==\n\(text)\n\n==> prompt 2 <==\n\(text)\n")
    #expect(outcome.messages.hasPrefix("prompt 1: ") && outcome.messages.contains("\nprompt 2: "))
  }

  @Test func aPipeMayBeAPromptFile() async throws {
    let outcome = try await Strata.run(
      "run", "--model", model, "--prompt-file", "/dev/stdin", "--max-tokens", "48", "--device", "reference",
      shell: #"printf 'ROMEO.\n' | "$0" "$@""#)
    #expect(outcome.expectSuccess().output == (try Greedy.continuation().text) + "\n")
  }

  @Test(arguments: [
    ["--policy", "continuous"], ["--layer-groups", "1"], ["--layer-groups", "3"], ["--layer-groups", "8"],
  ])
  func theScheduleDoesNotChangeTheText(options: [String]) async throws {
    let outcome = try await Strata.run(greedy + options + ["--json"]).expectSuccess()
    let report = try outcome.json(RunJSON.self)
    #expect(report.requests.map(\.text) == [try Greedy.continuation().text])
    #expect(report.policy == (options.contains("continuous") ? "continuous" : "layered"))
  }

  // MARK: Bytes

  /// Three matrices of 192 × 64 in bf16.
  private let expert = 3 * 192 * 64 * 2

  /// A prompt of token 0 alone: in each of 8 layers it meets exactly 4 experts, and so does each token after it. The
  /// last token is never fed back.
  @Test(arguments: Strata.targets, [1, 5])
  func aTokenReadsFourExpertsALayer(device: String, maxTokens: Int) async throws {
    let outcome = try await Strata.run(
      "run", "--model", model, "--prompt", "<|endoftext|>", "--max-tokens", "\(maxTokens)", "--device", device, "--json"
    )
    let report = try outcome.expectSuccess().json(RunJSON.self)
    #expect(report.requests.first?.promptTokens == 1)
    #expect(report.expertBytesPrefill == 8 * 4 * expert)
    #expect(report.expertBytesDecode == 8 * 4 * expert * (maxTokens - 1))
    // 8 · 4 · 73,728 bytes are 2.25 MiB.
    let decode = maxTokens == 1 ? "0 bytes" : "9.0 MiB"
    #expect(outcome.errors.contains("experts' weights read: 2.3 MiB in prefill, \(decode) in decode\n"))
    #expect(outcome.errors.contains("mean TBT") == (maxTokens > 1))
  }

  /// The same prompt twice in one batch needs no expert more than once.
  @Test(arguments: Strata.targets)
  func promptsOfABatchShareTheirExperts(device: String) async throws {
    let prompt = ["--prompt", Greedy.prompt]
    let arguments = ["run", "--model", model, "--max-tokens", "1", "--device", device, "--json"]
    let alone = try await Strata.run(arguments + prompt).expectSuccess().json(RunJSON.self)
    let batch = try await Strata.run(arguments + prompt + prompt + prompt).expectSuccess().json(RunJSON.self)
    #expect(batch.requests.count == 3)
    #expect(alone.expertBytesPrefill > 8 * 4 * expert && alone.expertBytesPrefill <= 8 * 32 * expert)
    #expect(batch.expertBytesPrefill == alone.expertBytesPrefill)
    #expect(batch.expertBytesDecode == 0)
  }
}
