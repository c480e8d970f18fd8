import HummingbirdTesting
import JSON
import Testing

@testable import Server

struct ChatRouteTests {
  private let body: JSONValue = [
    "messages": [
      ["role": "system", "content": "Be brief."], ["role": "user", "content": [["type": "text", "text": "Hello"]]],
    ],
    "max_tokens": 12, "temperature": 0.7, "seed": 2,
  ]

  @Test
  func `A stream gives what the whole answer is`() async throws {
    try await TestServer().test { client in
      let (status, whole) = try await client.post("/v1/chat/completions", body)
      #expect(status == 200)
      #expect(whole["object"].string == "chat.completion")
      #expect(whole["choices"][0]["message"]["role"].string == "assistant")
      let asked = body.with("stream", true).with("stream_options", ["include_usage": true])
      let events = try await client.stream("/v1/chat/completions", asked)
      #expect(events.first?["choices"][0]["delta"]["role"].string == "assistant")
      let text = events.map { $0["choices"][0]["delta"]["content"].string ?? "" }.joined()
      #expect(text == whole["choices"][0]["message"]["content"].string)
      #expect(events.last?["choices"].elements.isEmpty == true)
      #expect(events.last?["usage"] == whole["usage"])
      #expect(Set(events.compactMap { $0["id"].string }).count == 1)
      #expect(events.compactMap { $0["choices"][0]["finish_reason"].string }.count == 1)
    }
  }

  @Test
  func `Log probabilities come with each token, whole or streamed`() async throws {
    try await TestServer().test { client in
      let asked = body.with("logprobs", true).with("top_logprobs", 2)
      let whole = try await client.post("/v1/chat/completions", asked).json["choices"][0]
      let content = whole["logprobs"]["content"].elements
      #expect(content.count == 12)
      let text = content.map { $0["token"].string ?? "" }.joined()
      #expect(text == whole["message"]["content"].string)
      for entry in content { #expect(entry["top_logprobs"].elements.count == 2) }
      let events = try await client.stream("/v1/chat/completions", asked.with("stream", true))
      #expect(events.flatMap { $0["choices"][0]["logprobs"]["content"].elements } == content)
    }
  }

  @Test(arguments: [8, 30, 120])
  func `A schema is kept, however few tokens there are`(maxTokens: Int) async throws {
    let schema: JSONValue = [
      "type": "object", "properties": ["a": ["type": "string"], "b": ["type": "array", "items": ["type": "integer"]]],
      "required": [],
    ]
    try await TestServer().test { client in
      for seed in 0..<4 {
        let asked = body.with("max_tokens", .int(maxTokens)).with("seed", .int(seed)).with("temperature", 2)
        for format: JSONValue in [
          ["type": "json_object"],
          ["type": "json_schema", "json_schema": ["name": "s", "strict": true, "schema": schema]],
        ] {
          let json = try await client.post("/v1/chat/completions", asked.with("response_format", format)).json
          let text = try #require(json["choices"][0]["message"]["content"].string)
          guard case .object(let members) = try JSONParser.parse(Array(text.utf8)) else {
            Issue.record("\(text)")
            continue
          }
          if format["type"] == "json_schema" { #expect(members.allSatisfy { ["a", "b"].contains($0.name.text) }) }
        }
      }
    }
  }

  @Test
  func `A forced call comes as a call, whole or streamed`() async throws {
    let tool: JSONValue = [
      "type": "function",
      "function": [
        "name": "weather",
        "parameters": ["type": "object", "properties": ["city": ["enum": ["Bern", "Rome"]]], "required": ["city"]],
      ],
    ]
    let asked = body.with("tools", [tool]).with("tool_choice", "required").with("max_tokens", 100)
    try await TestServer().test { client in
      let choice = try await client.post("/v1/chat/completions", asked).json["choices"][0]
      #expect(choice["finish_reason"].string == "tool_calls")
      #expect(choice["message"]["content"] == .null)
      let function = choice["message"]["tool_calls"][0]["function"]
      #expect(function["name"].string == "weather")
      let arguments = try JSONParser.parse(Array(try #require(function["arguments"].string).utf8))
      #expect(["Bern", "Rome"].contains(arguments["city"].string ?? ""))
      let events = try await client.stream("/v1/chat/completions", asked.with("stream", true))
      let calls = events.flatMap { $0["choices"][0]["delta"]["tool_calls"].elements }
      #expect(calls.map { $0["function"] } == [function])
      #expect(events.last?["choices"][0]["finish_reason"].string == "tool_calls")
    }
  }
}
