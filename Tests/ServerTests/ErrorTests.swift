import Engine
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import NIOCore
import Testing
import Tokenizers

@testable import Server

/// What a client is told that asks for what it cannot have.
struct ErrorTests {
  @Test(arguments: [
    ("{", "JSON"), ("[]", "object"), ("{}", "prompt"), (#"{"prompt":1}"#, "prompt"),
    (#"{"prompt":[99999999]}"#, "prompt.0"), (#"{"prompt":[]}"#, "prompt"), (#"{"prompt":"a","n":0}"#, "n is 0"),
    (#"{"prompt":"a","max_tokens":-1}"#, "max_tokens"), (#"{"prompt":"a","max_tokens":100000}"#, "context of 512"),
    (#"{"prompt":"a","temperature":-1}"#, "temperature"), (#"{"prompt":"a","temperature":"x"}"#, "temperature"),
    (#"{"prompt":"a","top_p":0}"#, "top_p"), (#"{"prompt":"a","stop":5}"#, "stop"),
    (#"{"prompt":"a","stop":[""]}"#, "stop"),
    (#"{"prompt":"a","logit_bias":{"x":1}}"#, "logit_bias"), (#"{"prompt":"a","logit_bias":{"1":1000}}"#, "logit_bias"),
    (#"{"prompt":"a","stream_options":{}}"#, "stream_options"), (#"{"prompt":"a","best_of":3}"#, "best_of"),
    (#"{"prompt":"a","logprobs":21}"#, "logprobs"), (#"{"prompt":"a","seed":1.5}"#, "seed"),
    (#"{"prompt":"a","suffix":"b"}"#, "suffix"), (#"{"prompt":"a","prompt":"b"}"#, "JSON"),
    (#"{"prompt":"a","priority":"x"}"#, "priority"),
  ])
  func `A completion that cannot be`(body: String, part: String) async throws {
    try await TestServer().test { client in
      let (status, text) = try await client.post("/v1/completions", bytes: Array(body.utf8))
      #expect(status == 400)
      let error = try JSONParser.parse(Array(text.utf8))["error"]
      #expect(error["type"].string == "invalid_request_error")
      #expect(error["message"].string?.contains(part) == true, "\(text)")
    }
  }

  @Test(arguments: [
    (#"{}"#, "messages"), (#"{"messages":[]}"#, "messages"), (#"{"messages":[1]}"#, "messages.0"),
    (#"{"messages":[{"role":"user"}]}"#, "messages.0.content"),
    (#"{"messages":[{"role":"king","content":"a"}]}"#, "messages.0.role"),
    (#"{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#, "messages.0.content.0"),
    (#"{"messages":[{"role":"user","content":"a"}],"top_logprobs":2}"#, "top_logprobs"),
    (#"{"messages":[{"role":"user","content":"a"}],"tool_choice":"required"}"#, "tool_choice"),
    (#"{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"xml"}}"#, "response_format.type"),
    (
      #"{"messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"x"}}}}"#,
      "\"x\""
    ),
    (
      #"{"messages":[{"role":"user","content":"a"}],"max_tokens":1,"response_format":{"type":"json_object"}}"#,
      "shortest"
    ),
  ])
  func `A chat that cannot be`(body: String, part: String) async throws {
    try await TestServer().test { client in
      let (status, text) = try await client.post("/v1/chat/completions", bytes: Array(body.utf8))
      #expect(status == 400)
      #expect(text.contains(part) || text.contains(part.replacing("\"", with: "\\\"")), "\(text)")
    }
  }

  @Test
  func `Other ways to be refused`() async throws {
    try await TestServer(withTemplate: false) { $0.maxBodyBytes = 2000 }.test { client in
      let good: JSONValue = ["prompt": "a", "max_tokens": 1]
      #expect(try await client.post("/v1/completions", good.with("model", "other")).status == 404)
      #expect(try await client.post("/v1/none", good).status == 404)
      #expect(try await client.post("/v1/completions", good, headers: [.contentType: "text/plain"]).status == 415)
      let long = try await client.post("/v1/completions", ["prompt": .text(String(repeating: "a", count: 3000))])
      #expect(long.status == 413)
      let chat = try await client.post("/v1/chat/completions", ["messages": [["role": "user", "content": "a"]]])
      #expect(chat.status == 400)
      #expect(chat.json["error"]["code"].string == "no_chat_template")
      #expect(try await client.post("/v1/completions", good).status == 200)
    }
  }

  @Test
  func `A text that the context cannot hold is refused for its bytes`() async throws {
    let server = try TestServer()
    let longest = try #require(
      try (0..<2048).compactMap { try server.engine.files.tokenizer().bytes(of: $0)?.count }.max())
    // Of 512 tokens.
    let text = JSONValue.text(String(repeating: "a", count: 512 * longest + 1))
    try await server.test { client in
      for (path, body, param) in [
        ("/v1/completions", ["prompt": text], "prompt"), ("/v1/completions", ["prompt": ["a", text]], "prompt"),
        ("/v1/chat/completions", ["messages": [["role": "user", "content": text]]], "messages"),
      ] as [(String, JSONValue, String)] {
        let (status, json) = try await client.post(path, body)
        #expect(status == 400)
        #expect(json["error"]["code"].string == "context_length_exceeded")
        #expect(json["error"]["param"].string == param)
        #expect(json["error"]["message"].string?.contains("\(512 * longest)") == true, "\(json)")
      }
      let tokens = JSONValue.array(.init(repeating: 5, count: 600))
      let json = try await client.post("/v1/completions", ["prompt": tokens]).json
      #expect(json["error"]["param"].string == "prompt", "\(json)")
    }
  }

  @Test
  func `A large body is answered as a small one`() async throws {
    try await TestServer().test { client in
      let small = #"{"prompt":"And it came","max_tokens":8,"temperature":0}"#
      let large = small + String(repeating: " ", count: 2 * LargeBodies.smallest)
      var answers: [JSONValue] = []
      for body in [small, large] {
        let text = try await client.post("/v1/completions", bytes: Array(body.utf8)).text
        answers.append(try JSONParser.parse(Array(text.utf8)))
      }
      #expect(answers[0]["choices"][0]["text"].string?.isEmpty == false)
      #expect(answers[0]["choices"] == answers[1]["choices"])
      let bad = try await client.post("/v1/completions", bytes: Array((large + "}").utf8))
      #expect(bad.status == 400 && bad.text.contains("at byte \(large.utf8.count)"), "\(bad)")
    }
  }

  @Test
  func `A path tells which method it has`() async throws {
    try await TestServer().test { client in
      for (method, path, allow) in [
        (HTTPRequest.Method.get, "/v1/completions", "POST"), (.post, "/v1/models", "GET, HEAD"),
        (.delete, "/", "GET, HEAD"),
        (.head, "/live/events", "GET"), (.options, "/tokenize", "POST"),
      ] {
        try await client.execute(uri: path, method: method) {
          #expect($0.status == .methodNotAllowed)
          #expect($0.headers[.allow] == allow)
          #expect((method == .head) == ($0.body.readableBytes == 0))
        }
      }
      try await client.execute(uri: "/health", method: .head) {
        #expect($0.status == .ok)
        #expect($0.headers[.contentType] == "application/json")
        #expect($0.body.readableBytes == 0)
      }
    }
  }

  @Test
  func `A key is needed where there are some`() async throws {
    let server = try TestServer { $0.apiKeys = ["first", "second"] }
    let statuses = try await server.test { client -> [Int] in
      let body: JSONValue = ["prompt": "a", "max_tokens": 1]
      var statuses: [Int] = []
      for key in [nil, "Bearer firs", "Bearer second"] {
        var headers = HTTPFields()
        headers[.authorization] = key
        statuses.append(try await client.post("/v1/completions", body, headers: headers).status)
      }
      for path in ["/health", "/metrics"] {
        statuses.append(try await client.execute(uri: path, method: .get) { $0.status.code })
      }
      return statuses
    }
    #expect(statuses == [401, 401, 200, 200, 401])
  }

  @Test
  func `Pages of other origins may ask only if told so`() async throws {
    let headers: HTTPFields = [.origin: "https://a.example"]
    try await TestServer().test { client in
      let header = try await client.execute(uri: "/v1/models", method: .get, headers: headers) {
        $0.headers[.accessControlAllowOrigin]
      }
      #expect(header == nil)
    }
    try await TestServer { $0.corsOrigins = ["https://a.example"] }.test { client in
      for method in [HTTPRequest.Method.get, .options] {
        let header = try await client.execute(uri: "/v1/models", method: method, headers: headers) {
          $0.headers[.accessControlAllowOrigin]
        }
        #expect(header == "https://a.example")
      }
      let other = try await client.execute(uri: "/v1/models", method: .get, headers: [.origin: "https://b.example"]) {
        $0.headers[.accessControlAllowOrigin]
      }
      #expect(other == nil)
    }
    // A page can read why it is refused, and ask with whatever headers its client adds.
    try await TestServer {
      $0.corsOrigins = ["https://a.example"]
      $0.apiKeys = ["k"]
    }.test { client in
      for (path, status) in [("/v1/models", 401), ("/none", 401), ("/health", 200)] {
        try await client.execute(uri: path, method: .get, headers: headers) {
          #expect($0.status.code == status)
          #expect($0.headers[.accessControlAllowOrigin] == "https://a.example")
          #expect($0.headers[.accessControlExposeHeaders]?.contains("Retry-After") == true)
        }
      }
      var preflight = headers
      preflight[try #require(HTTPField.Name("Access-Control-Request-Method"))] = "POST"
      preflight[try #require(HTTPField.Name("Access-Control-Request-Headers"))] = "authorization,x-stainless-os"
      try await client.execute(uri: "/v1/completions", method: .options, headers: preflight) {
        #expect($0.status == .noContent)
        #expect($0.headers[.accessControlAllowHeaders] == "authorization,x-stainless-os")
      }
    }
  }

  @Test
  func `A full queue says when to come again`() async throws {
    let server = try TestServer {
      $0.maxRequests = 1
      $0.maxQueue = 1
    }
    try await server.test { client in
      let body: JSONValue = ["prompt": "a", "max_tokens": 300, "ignore_eos": true]
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<8 { group.addTask { try await client.post("/v1/completions", body).status } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(statuses) == [200, 429])
      #expect(statuses.count { $0 == 200 } >= 2)
      #expect(try await client.post("/v1/completions", body.with("n", 3)).status == 400)
    }
  }

  @Test
  func `A request that takes too long is ended, and its place is free`() async throws {
    let server = try TestServer { $0.requestTimeout = 0.05 }
    try await server.test { client in
      let body: JSONValue = ["prompt": "a", "max_tokens": 500, "ignore_eos": true, "n": 8]
      let (status, json) = try await client.post("/v1/completions", body)
      #expect(status == 408)
      #expect(json["error"]["code"].string == "request_timeout")
    }
  }
}
