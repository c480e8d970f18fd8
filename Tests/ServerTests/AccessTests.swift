import Engine
import Testing

@testable import Server

struct AccessTests {
  @Test
  func `Keys are equal only as a whole`() {
    func equal(_ a: String, _ b: String) -> Bool { AccessMiddleware.equal(Array(a.utf8), Array(b.utf8)) }
    #expect(equal("secret", "secret"))
    for other in ["", "s", "secre", "secret1", "Secret", "secretsecret", "secres"] { #expect(!equal(other, "secret")) }
    #expect(!equal("x", ""))
  }

  @Test
  func `A host is told from its port`() {
    #expect(AccessMiddleware.host(of: "localhost:8000") == "localhost")
    #expect(AccessMiddleware.host(of: "[::1]:8000") == "::1")
    #expect(AccessMiddleware.host(of: "Example.com") == "example.com")
  }

  @Test(arguments: [
    ("127.0.0.1", true), ("127.1.2.3", true), ("localhost", true), ("::1", true), ("0.0.0.0", false),
    ("127.evil.example", false), ("127.x.evil.example", false), ("127.0.0.example", false), ("127.1.2.999", false),
    ("127.0.0.+1", false), ("127.0.0.1.", false), ("10.0.0.1", false),
  ])
  func `Loopback is what only this machine reaches`(host: String, isLoopback: Bool) {
    var options = ServerOptions(modelName: "m", maxModelLength: 8)
    options.host = host
    #expect(options.isLoopback == isLoopback)
    if isLoopback {
      #expect(throws: Never.self) { try options.check() }
    } else {
      #expect(throws: EngineError.self) { try options.check() }
      options.allowsNoKey = true
      #expect(throws: Never.self) { try options.check() }
      options.allowsNoKey = false
      options.apiKeys = ["k"]
      #expect(throws: Never.self) { try options.check() }
    }
  }

  @Test
  func `The queue takes no more than it holds, and gives places back`() throws {
    let admission = Admission(capacity: 3)
    func enter(_ count: Int) throws -> Admission.Ticket { try admission.enter(count, try admission.arrive()) }
    let early = try admission.arrive()
    #expect(!admission.isEmpty && admission.count == 0)
    var tickets = [try enter(2), try enter(1)]
    #expect(throws: APIError.busy(3)) { try admission.arrive() }
    #expect(throws: APIError.busy(3)) { try admission.enter(1, early) }
    tickets.removeFirst()
    #expect(admission.count == 1)
    #expect(throws: Never.self) { try enter(2) }
    #expect(throws: APIError.self) { try enter(4) }
    admission.stop()
    #expect(throws: APIError.stopping) { try enter(1) }
    // Who was on the way in by then is served.
    #expect(throws: Never.self) { try admission.enter(1, early) }
  }
}
