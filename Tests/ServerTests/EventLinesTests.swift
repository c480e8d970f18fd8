import Testing

@testable import Server

struct EventLinesTests {
  @Test
  func `Events come whole, however their bytes are cut`() {
    let bytes = Array("data: {\"a\":\"é\"}\r\n\r\n: beat\n\ndata:[DONE]\n\n".utf8)
    for size in 1...bytes.count {
      var lines = EventLines()
      var events: [String] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        events += lines.append(bytes[start..<min(start + size, bytes.count)]).map {
          String(decoding: $0, as: UTF8.self)
        }
      }
      #expect(events == ["{\"a\":\"é\"}", "[DONE]"])
    }
  }
}
