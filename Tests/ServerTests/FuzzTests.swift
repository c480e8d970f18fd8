import HummingbirdTesting
import JSON
import TestSupport
import Testing

@testable import Server

/// Bodies that nobody would send.
struct FuzzTests {
  private let bodies: [(path: String, body: JSONValue)] = [
    (
      "/v1/completions",
      [
        "model": "tiny-moe", "prompt": ["And it", "came"], "max_tokens": 2, "n": 1, "temperature": 0.5, "top_p": 0.9,
        "top_k": 5,
        "min_p": 0.1, "seed": 3, "stop": ["x", "y"], "logprobs": 2, "echo": true, "presence_penalty": 0.1,
        "frequency_penalty": -0.1, "repetition_penalty": 1.1, "logit_bias": ["5": 1.5], "stream": false, "priority": 1,
      ]
    ),
    (
      "/v1/chat/completions",
      [
        "messages": [
          ["role": "system", "content": "a"], ["role": "user", "content": [["type": "text", "text": "é"]]],
          [
            "role": "assistant",
            "tool_calls": [["id": "1", "type": "function", "function": ["name": "f", "arguments": "{}"]]],
          ],
          ["role": "tool", "content": "3", "tool_call_id": "1"],
        ],
        "max_completion_tokens": 3, "logprobs": true, "top_logprobs": 1, "stream": true,
        "stream_options": ["include_usage": true],
        "tools": [
          [
            "type": "function",
            "function": ["name": "f", "parameters": ["type": "object", "properties": ["a": ["type": "integer"]]]],
          ]
        ],
        "tool_choice": "auto",
      ]
    ),
    (
      "/v1/chat/completions",
      [
        "messages": [["role": "user", "content": "a"]], "max_tokens": 12,
        "response_format": [
          "type": "json_schema",
          "json_schema": [
            "name": "s",
            "schema": [
              "type": "object",
              "properties": ["a": ["anyOf": [["type": "null"], ["$ref": "#/$defs/x"]]], "b": ["enum": [1, "x"]]],
              "required": ["b"],
              "$defs": ["x": ["type": "array", "items": ["type": "string", "maxLength": 3], "maxItems": 2]],
            ],
          ],
        ],
      ]
    ),
    ("/tokenize", ["prompt": "And it came", "add_special_tokens": true]),
    ("/detokenize", ["tokens": [5, 6, 7]]),
    ("/live/control", ["policy": "chunked", "chunk_size": 64, "tbt_target": 0.1]),
  ]

  /// 5,000 damaged bodies: a clear answer each time, and the server goes on.
  @Test
  func `Damaged bodies get an answer that is no 5xx`() async throws {
    let seed = randomSeed()
    let server = try TestServer { $0.requestTimeout = 20 }
    try await server.test { client in
      var random = SplitMix64(seed: seed)
      for round in 0..<5000 {
        let (path, body) = bodies[round % bodies.count]
        var bytes = Mutation.apply(to: Array(body.text.utf8), below: .max, using: &random)
        if round % 10 == 0 { bytes = Mutation.apply(to: bytes, below: .max, using: &random) }
        let (status, text) = try await client.post(path, bytes: bytes)
        #expect(
          (200..<500).contains(status),
          "seed \(seed), round \(round): \(status) \(text) for \(String(decoding: bytes, as: UTF8.self))")
        if status >= 400 {
          let error = try JSONParser.parse(Array(text.utf8))["error"]
          #expect(error["message"].string?.isEmpty == false, "seed \(seed), round \(round)")
        }
      }
      let after = try await client.post("/v1/completions", ["prompt": "And it", "max_tokens": 2, "temperature": 0])
      #expect(after.status == 200)
    }
  }

  @Test(arguments: [
    String(repeating: "[", count: 100_000),
    #"{"prompt":"# + String(repeating: "[", count: 5000) + String(repeating: "]", count: 5000) + "}",
    #"{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":{"schema":"#
      + String(repeating: #"{"items":"#, count: 300) + "{}" + String(repeating: "}", count: 300) + "}}}",
    #"{"prompt":"a","max_tokens":1e999}"#, "{\"prompt\":\"\u{0}\"}",
  ])
  func `Bodies that are deep or odd`(body: String) async throws {
    try await TestServer().test { client in
      for path in ["/v1/completions", "/v1/chat/completions", "/tokenize"] {
        let (status, _) = try await client.post(path, bytes: Array(body.utf8))
        #expect((200..<500).contains(status))
      }
    }
  }
}
