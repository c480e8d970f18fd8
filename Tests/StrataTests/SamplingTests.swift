import Foundation
import TestSupport
import Testing

/// `strata run`: which tokens it takes, and when it stops.
struct SamplingTests {
  private let model = Fixtures.path("tiny-moe")

  private func report(_ options: [String], model: String? = nil) async throws -> RunJSON {
    let outcome = try await Strata.run(
      ["run", "--model", model ?? self.model, "--prompt", Greedy.prompt, "--device", "reference", "--json"] + options)
    return try outcome.expectSuccess().json(RunJSON.self)
  }

  private func run(_ options: String..., model: String? = nil) async throws -> RunJSON.Request {
    try #require(try await report(options, model: model).requests.first)
  }

  @Test func theSameSeedGivesTheSameText() async throws {
    let first = try await run("--temperature", "1.5", "--seed", "7", "--max-tokens", "24")
    let again = try await run("--temperature", "1.5", "--seed", "7", "--max-tokens", "24")
    let other = try await run("--temperature", "1.5", "--seed", "8", "--max-tokens", "24")
    #expect(first.tokens.count == 24)
    #expect(first.tokens == again.tokens && first.text == again.text)
    #expect(first.tokens != other.tokens)
  }

  /// And the report says with which seed each came.
  @Test func withoutASeedTextsDiffer() async throws {
    let first = try await report(["--temperature", "2", "--max-tokens", "24"])
    let other = try await run("--temperature", "2", "--max-tokens", "24")
    #expect(first.requests.first?.tokens != other.tokens)
    let again = try await run("--temperature", "2", "--max-tokens", "24", "--seed", "\(first.seed)")
    #expect(first.requests.first?.tokens == again.tokens)
  }

  @Test(arguments: [["--top-k", "1"], ["--top-p", "1e-6"]])
  func limitsToOneTokenAreGreedy(limit: [String]) async throws {
    let found = try await run("--temperature", "3", limit[0], limit[1], "--max-tokens", "48")
    #expect(found.tokens == (try Greedy.continuation().tokens))
  }

  /// `generation_config.json` of the bundled model does not sample.
  @Test func theModelsMakersDecideUnlessAnOptionDoes() async throws {
    let expected = try Greedy.continuation().tokens
    #expect(try await run("--max-tokens", "48").tokens == expected)
    let copy = try ModelCopy("tiny-moe")
    try copy.change("generation_config.json", ["do_sample": true, "temperature": 1.5, "top_k": 20, "top_p": 0.9])
    let byFile = try await run("--seed", "3", "--max-tokens", "24", model: copy.path)
    let byOptions = try await run(
      "--temperature", "1.5", "--top-k", "20", "--top-p", "0.9", "--seed", "3", "--max-tokens", "24")
    #expect(byFile.tokens == byOptions.tokens)
    #expect(byFile.tokens != Array(expected.prefix(24)))
    #expect(try await run("--temperature", "0", "--max-tokens", "48", model: copy.path).tokens == expected)
  }

  @Test func aStopTokenEndsTheText() async throws {
    let expected = try Greedy.continuation().tokens
    let end = try #require(expected.firstIndex(of: 420))
    #expect(end > 0)
    let copy = try ModelCopy("tiny-moe")
    try copy.change("generation_config.json", ["eos_token_id": [0, 420]])
    let found = try await run("--max-tokens", "48", model: copy.path)
    #expect(found.finishReason == "stop")
    #expect(found.tokens == Array(expected[...end]))
    #expect(found.text == "I am a man")
  }

  /// By default 128 tokens, or what the context has room for: a prompt of one token and 15 more positions.
  @Test func theContextEndsTheText() async throws {
    let copy = try ModelCopy("tiny-moe")
    try copy.change("config.json", ["max_position_embeddings": 16])
    for options in [[], ["--max-tokens", "16"]] {
      let outcome = try await Strata.run(
        ["run", "--model", copy.path, "--prompt", "<|endoftext|>", "--device", "reference", "--json"] + options)
      let request = try outcome.expectSuccess().json(RunJSON.self).requests.first
      #expect(request?.outputTokens == 16 && request?.finishReason == "length")
    }
    let long = try await Strata.run(
      "run", "--model", copy.path, "--prompt", "<|endoftext|>", "--device", "reference", "--max-tokens", "17")
    long.expectFailure("prompt 1", "max-tokens 17", "expected at most 16")
    #expect(try await run().outputTokens == 128)
  }

  @Test func aPromptMayBeginWithADash() async throws {
    let outcome = try await Strata.run(
      "run", "--model", model, "--prompt", "--json", "--max-tokens", "1", "--device", "reference", "--json")
    #expect(try outcome.expectSuccess().json(RunJSON.self).requests.map(\.prompt) == ["--json"])
  }
}
