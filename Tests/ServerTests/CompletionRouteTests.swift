import Engine
import Foundation
import HTTPTypes
import HummingbirdTesting
import JSON
import TestSupport
import Testing
import Tokenizers

@testable import Server

/// `/v1/completions`, against what the engine gives by itself.
struct CompletionRouteTests {
  private let prompt = "And it came to pass in those days, that"

  private func engineText(_ server: TestServer, maxTokens: Int, _ sampling: SamplingOptions) async throws
    -> GenerationResult
  {
    let files = server.engine.files
    let request = GenerationRequest(
      prompt: files.encode(prompt, with: try files.tokenizer()), maxTokens: maxTokens, sampling: sampling,
      stopTokens: files.stopTokens)
    for try await case .finished(let result) in try await server.engine.submit([request])[0] { return result }
    throw EngineError("no result")
  }

  @Test
  func `An answer is what the engine generates, whole or streamed`() async throws {
    let server = try TestServer()
    let expected = try await engineText(server, maxTokens: 24, SamplingOptions(temperature: 0.8, topP: 0.9, seed: 5))
    let body: JSONValue = ["prompt": .text(prompt), "max_tokens": 24, "temperature": 0.8, "top_p": 0.9, "seed": 5]
    try await server.test { client in
      let (status, json) = try await client.post("/v1/completions", body)
      #expect(status == 200)
      #expect(json["choices"][0]["text"].string == expected.text)
      #expect(json["choices"][0]["finish_reason"].string == expected.finishReason.rawValue)
      #expect(json["usage"]["prompt_tokens"].number == Double(expected.promptTokens))
      #expect(json["usage"]["completion_tokens"].number == Double(expected.tokens.count))
      let events = try await client.stream("/v1/completions", body.with("stream", true))
      #expect(events.map { $0["choices"][0]["text"].string ?? "" }.joined() == expected.text)
      #expect(events.last?["choices"][0]["finish_reason"].string == expected.finishReason.rawValue)
    }
  }

  @Test
  func `The same seed gives the same answer, whoever else is served`() async throws {
    let server = try TestServer()
    let body: JSONValue = ["prompt": .text(prompt), "max_tokens": 16, "temperature": 1, "seed": 11]
    try await server.test { client in
      let alone = try await client.post("/v1/completions", body).json["choices"][0]["text"].string
      try await withThrowingTaskGroup(of: String?.self) { group in
        for index in 0..<12 {
          group.addTask {
            let isSame = index % 3 == 0
            let own: JSONValue = isSame ? body : body.with("seed", .int(index)).with("prompt", "The king said")
            let json = try await client.post("/v1/completions", own).json
            return isSame ? json["choices"][0]["text"].string ?? "" : nil
          }
        }
        for try await text in group { if let text { #expect(text == alone) } }
      }
    }
  }

  @Test
  func `A stop string ends the answer and is not in it`() async throws {
    let server = try TestServer()
    let whole = try await engineText(server, maxTokens: 24, .greedy).text
    // Characters from the middle of the text, across tokens.
    let start = whole.index(whole.startIndex, offsetBy: whole.count / 2)
    let stop = String(whole[start...].prefix(5))
    let expected = whole.components(before: stop)
    let body: JSONValue = [
      "prompt": .text(prompt), "max_tokens": 24, "temperature": 0, "stop": [.text(stop), "never"],
    ]
    try await server.test { client in
      let json = try await client.post("/v1/completions", body).json
      #expect(json["choices"][0]["text"].string == expected)
      #expect(json["choices"][0]["finish_reason"].string == "stop")
      let events = try await client.stream("/v1/completions", body.with("stream", true))
      #expect(events.map { $0["choices"][0]["text"].string ?? "" }.joined() == expected)
    }
  }

  @Test
  func `Each token of a stream is an event, though its text be held back`() async throws {
    let server = try TestServer()
    let whole = try await engineText(server, maxTokens: 24, .greedy).text
    // What begins as the answer does, and could still be a stop string until its last character.
    let body: JSONValue = [
      "prompt": .text(prompt), "max_tokens": 24, "temperature": 0, "ignore_eos": true, "stream": true,
      "stop": [.text(whole + "#")],
    ]
    try await server.test { client in
      let events = try await client.stream("/v1/completions", body)
      let texts = events.filter { $0["choices"][0]["finish_reason"] == .null }.map { $0["choices"][0]["text"].string }
      #expect(texts == [String](repeating: "", count: 24))
      #expect(events.last?["choices"][0]["text"].string == whole)
    }
  }

  @Test
  func `Several prompts and choices come with their numbers`() async throws {
    let server = try TestServer()
    let body: JSONValue = [
      "prompt": [.text(prompt), "The king"], "n": 2, "max_tokens": 6, "temperature": 1, "seed": 3, "echo": true,
    ]
    try await server.test { client in
      let json = try await client.post("/v1/completions", body).json
      let texts = json["choices"].elements.map { $0["text"].string ?? "" }
      #expect(json["choices"].elements.map { $0["index"].number } == [0, 1, 2, 3])
      #expect(texts[0].hasPrefix(prompt) && texts[1].hasPrefix(prompt))
      #expect(texts[2].hasPrefix("The king") && texts[3].hasPrefix("The king"))
      #expect(texts[0] != texts[1])
      // A choice's seed is the request's and its number.
      let second = try await client.post("/v1/completions", body.with("n", 1).with("seed", 4)).json
      #expect(second["choices"][0]["text"].string == texts[1])
    }
  }

  @Test
  func `A prompt that is only scored has no token behind it`() async throws {
    let body: JSONValue = [
      "prompt": [5, 100, 42], "max_tokens": 0, "echo": true, "logprobs": 0, "stream_options": ["include_usage": true],
    ]
    try await TestServer().test { client in
      let json = try await client.post("/v1/completions", body.with("stream_options", .null)).json
      let events = try await client.stream("/v1/completions", body.with("stream", true))
      for usage in [json["usage"], events.last?["usage"]] {
        #expect(usage == ["prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 3])
      }
      let choices = events.dropLast().map { $0["choices"][0] }
      #expect(json["choices"][0]["logprobs"]["tokens"].elements.count == 3)
      #expect(choices.map { $0["text"].string ?? "" }.joined() == json["choices"][0]["text"].string)
      #expect(choices.map { $0["logprobs"]["tokens"].elements.count }.reduce(0, +) == 3)
      #expect(json["choices"][0]["finish_reason"] == "length")
      #expect(choices.last?["finish_reason"] == "length")
    }
  }

  @Test
  func `Log probabilities are those of a softmax, for the prompt too`() async throws {
    let server = try TestServer()
    let body: JSONValue = [
      "prompt": [5, 100, 42], "max_tokens": 4, "temperature": 0, "logprobs": 3, "echo": true,
    ]
    try await server.test { client in
      let logprobs = try await client.post("/v1/completions", body).json["choices"][0]["logprobs"]
      #expect(logprobs["tokens"].elements.count == 7)
      #expect(logprobs["token_logprobs"][0] == .null)
      for index in 1..<7 {
        let own = try #require(logprobs["token_logprobs"][index].number)
        #expect(own <= 0)
        guard case .object(let top) = logprobs["top_logprobs"][index] else { continue }
        let values = top.compactMap { $0.value.number }
        #expect((3...4).contains(values.count))
        #expect(values.map { exp($0) }.reduce(0, +) <= 1.000001)
        // Greedy: what was generated is the most probable.
        if index >= 3 { #expect(values.max() == own) }
      }
    }
  }

  @Test
  func `A bias that forbids, and one that forces`() async throws {
    let server = try TestServer()
    let body: JSONValue = ["prompt": .text(prompt), "max_tokens": 5, "temperature": 0, "logprobs": 0]
    try await server.test { client in
      let forced = try await client.post("/v1/completions", body.with("logit_bias", ["7": 100])).json
      let token = try server.engine.files.tokenizer().decode([7, 7, 7, 7, 7])
      #expect(forced["choices"][0]["text"].string == token)
      let penalised = try await client.post(
        "/v1/completions", body.with("logit_bias", ["7": 20]).with("presence_penalty", 2).with("frequency_penalty", 2)
      ).json
      #expect(penalised["choices"][0]["text"].string != token)
    }
  }
}

extension JSONValue {
  func with(_ name: String, _ value: JSONValue) -> JSONValue {
    guard case .object(let members) = self else { return self }
    var result = JSONMembers()
    for member in members where member.name.text != name { _ = result.add(member.name, member.value) }
    _ = result.add(JSONString(name), value)
    return .object(result)
  }
}

extension String {
  fileprivate func components(before stop: String) -> String {
    range(of: stop).map { String(self[..<$0.lowerBound]) } ?? self
  }
}
