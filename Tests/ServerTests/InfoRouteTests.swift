import Engine
import HTTPTypes
import HummingbirdTesting
import JSON
import NIOCore
import Scheduling
import TestSupport
import Testing
import Tokenizers

@testable import Server

struct InfoRouteTests {
  private func get(_ path: String, _ server: TestServer) async throws -> (status: Int, text: String) {
    try await server.test { client in
      try await client.execute(uri: path, method: .get) { ($0.status.code, String(buffer: $0.body)) }
    }
  }

  @Test
  func `The model is listed and found by its name`() async throws {
    let server = try TestServer()
    let list = try JSONParser.parse(Array(try await get("/v1/models", server).text.utf8))
    #expect(list["data"].elements.map { $0["id"].string } == ["tiny-moe"])
    #expect(list["data"][0]["max_model_len"] == 512)
    #expect(try await get("/v1/models/tiny-moe", server).status == 200)
    #expect(try await get("/v1/models/other", server).status == 404)
  }

  @Test
  func `Tokens and texts lead to each other`() async throws {
    let server = try TestServer()
    let tokenizer = try server.engine.files.tokenizer()
    try await server.test { client in
      let text = "And it came to pass é"
      let tokens = try await client.post("/tokenize", ["prompt": .text(text)]).json
      #expect(tokens["tokens"].elements.compactMap(\.number).map { Int32($0) } == [0] + tokenizer.encode(text))
      let plain = try await client.post("/tokenize", ["prompt": .text(text), "add_special_tokens": false]).json
      let back = try await client.post("/detokenize", ["tokens": plain["tokens"]]).json
      #expect(back["prompt"].string == text)
      let chat = try await client.post("/tokenize", ["messages": [["role": "user", "content": "a"]]]).json
      #expect(chat["count"].number ?? 0 > 3)
    }
  }

  @Test
  func `The page needs nothing from elsewhere`() async throws {
    let (status, page) = try await get("/", TestServer())
    #expect(status == 200)
    for needle in ["http://", "https://", "<link", " src=", "import("] { #expect(!page.contains(needle), "\(needle)") }
    for needle in ["lang=\"en\"", "<label", "aria-live", "prefers-color-scheme", "name=\"viewport\""] {
      #expect(page.contains(needle), "\(needle)")
    }
  }

  @Test
  func `The policy can be changed while the server runs`() async throws {
    let server = try TestServer()
    try await server.test { client in
      for policy in ["chunked", "layered", "adaptive", "continuous"] {
        let (status, json) = try await client.post("/live/control", ["policy": .text(policy), "tbt_target": 0.2])
        #expect(status == 200, "\(json)")
        #expect(json["policy"].string == policy)
        #expect(json["tbt_target"] == 0.2)
        #expect(try await client.post("/v1/completions", ["prompt": "And", "max_tokens": 3]).status == 200)
      }
      #expect(try await client.post("/live/control", ["policy": "none"]).status == 400)
      #expect(try await client.post("/live/control", ["tbt_target": -1]).status == 400)
      #expect(try await client.post("/live/control", ["policy": "layered", "layer_groups": 100]).status == 400)
      for member in ["chunk_size", "layer_groups"] {
        let json = try await client.post("/live/control", JSONValue.object(JSONMembers()).with(member, 2)).json
        #expect(json["error"]["param"].string == "policy", "\(json)")
      }
    }
  }

  @Test
  func `A target alone is what an adaptive policy keeps from then on`() async throws {
    let server = try TestServer()
    try await server.test { client in
      for name in ["adaptive", "layered"] {
        let statuses = [
          try await client.post("/live/control", ["policy": .text(name)]).status,
          try await client.post("/live/control", ["tbt_target": 0.05]).status,
        ]
        #expect(statuses == [200, 200])
        #expect(try await client.post("/v1/completions", ["prompt": "And", "max_tokens": 3]).status == 200)
        let policy = await server.engine.policy
        let target = (policy as? Adaptive)?.tbtTarget
        #expect(policy.name == name && target == (name == "adaptive" ? 0.05 : nil))
      }
    }
  }
}
