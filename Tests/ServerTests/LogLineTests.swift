import Foundation
import Testing

@testable import Server

struct LogLineTests {
  private let line = LogLine(
    time: Date(timeIntervalSince1970: 0), level: "info", message: "a\nb", metadata: ["n": "3", "s": "x y", "q": "\"\n"])

  @Test
  func `A line of JSON has numbers as numbers`() {
    #expect(
      line.json
        == #"{"time":"1970-01-01T00:00:00.000Z","level":"info","message":"a\u000ab","n":3,"q":"\"\u000a","s":"x y"}"#)
  }

  @Test
  func `A line of text stays one line`() { #expect(!line.text.contains("\n")) }
}
