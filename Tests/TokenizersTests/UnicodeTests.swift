import Testing

@testable import Tokenizers

/// Classes, normalisation and patterns against what the engines of `tokenizers` found.
struct UnicodeTests {
  @Test(arguments: [
    ("L", ScalarClasses.letter), ("N", ScalarClasses.number), ("S", ScalarClasses.space), ("W", ScalarClasses.word),
  ])
  func classesAgreeForEveryScalar(name: String, wanted: ScalarClasses) throws {
    let line = try #require(try Fixtures.lines("classes.txt").first { $0[0] == name })
    var expected = [Bool](repeating: false, count: 0x11_0000)
    for range in line[1].split(separator: " ") {
      let ends = try range.split(separator: "-").map { try #require(Int($0, radix: 16)) }
      for value in ends[0]...ends[ends.count - 1] { expected[value] = true }
    }
    for value in UInt32(0)..<0x11_0000 where Unicode.Scalar(value) != nil {
      let found = ScalarClasses.of(value).contains(wanted)
      if found != expected[Int(value)] { Issue.record("U+\(String(value, radix: 16)) is \(name): \(found)") }
    }
  }

  @Test func compositionAgrees() throws {
    for line in try Fixtures.lines("nfc.txt") {
      let text = try utf8(line[0])
      let expected = try utf8(line[1])
      let found = Composition.shared.normalised(text, in: text.indices) ?? text
      #expect(found == expected, "\(line[0])")
      // A normalised text stays as it is.
      #expect(Composition.shared.normalised(expected, in: expected.indices) ?? expected == expected, "\(line[1])")
    }
  }

  @Test func compositionTakesOnlyItsRange() {
    let text = Array("e\u{301}e\u{301}".utf8)
    #expect(Composition.shared.normalised(text, in: 0..<3) == Array("\u{e9}".utf8))
    #expect(Composition.shared.normalised(text, in: 3..<4) == nil)
    #expect(Composition.shared.normalised(text, in: 2..<2) == nil)
  }

  private func utf8(_ column: Substring) throws -> [UInt8] {
    var text = String.UnicodeScalarView()
    for value in try Fixtures.integers(column, radix: 16) as [UInt32] {
      text.append(try #require(Unicode.Scalar(value)))
    }
    return Array(String(text).utf8)
  }

  @Test(arguments: [(SplitPattern.gpt2, 5), (SplitPattern.qwen2, 6)])
  func patternsCutTheSamePieces(pattern: SplitPattern, column: Int) throws {
    for line in try Fixtures.lines("strings.txt") {
      let text = Array(String(decoding: try Fixtures.base64(line[0]), as: UTF8.self).utf8)
      let expected: [Int] = try Fixtures.integers(line[column])
      #expect(pieces(of: text, by: pattern).map(\.unicodeScalars.count) == expected, "\(line[0])")
    }
  }

  private func pieces(of text: [UInt8], by pattern: SplitPattern) -> [String] {
    var pieces: [String] = []
    var start = 0
    while start < text.count {
      let end = pattern.matchEnd(in: text, from: start, to: text.count)
      pieces.append(String(decoding: text[start..<end], as: UTF8.self))
      start = end
    }
    return pieces
  }

  /// The expected pieces follow from the expression itself.
  @Test(arguments: [
    ("Hello world", ["Hello", " world"], ["Hello", " world"]),
    ("a  b", ["a", " ", " b"], ["a", " ", " b"]),
    ("a\tb", ["a", "\t", "b"], ["a", "\tb"]),
    ("12 345", ["12", " 345"], ["1", "2", " ", "3", "4", "5"]),
    ("it's IT'S", ["it", "'s", " IT", "'", "S"], ["it", "'s", " IT", "'S"]),
    ("a'\u{17f}", ["a", "'", "\u{17f}"], ["a", "'\u{17f}"]),
    ("(x)", ["(", "x", ")"], ["(x", ")"]),
    ("x;\n\ny", ["x", ";", "\n", "\n", "y"], ["x", ";\n\n", "y"]),
    ("a \n \n  b", ["a", " \n \n ", " b"], ["a", " \n \n", " ", " b"]),
    ("end  ", ["end", "  "], ["end", "  "]),
    ("' s", ["'", " s"], ["'", " s"]),
    ("", [], []),
  ])
  func patternsFollowTheirExpression(text: String, gpt2: [String], qwen2: [String]) {
    #expect(pieces(of: text.bytes, by: .gpt2) == gpt2)
    #expect(pieces(of: text.bytes, by: .qwen2) == qwen2)
  }

  @Test func aMatchEndsWhereItsTextEnds() {
    // The range stops before "b": the lookahead must not see it, so all three spaces are one piece.
    let text = Array("a   b".utf8)
    #expect(SplitPattern.gpt2.matchEnd(in: text, from: 1, to: 4) == 4)
    #expect(SplitPattern.qwen2.matchEnd(in: text, from: 1, to: 4) == 4)
    #expect(SplitPattern.gpt2.matchEnd(in: text, from: 1, to: 5) == 3)
    let quote = Array("'ll".utf8)
    #expect(SplitPattern.gpt2.matchEnd(in: quote, from: 0, to: 2) == 1)
    #expect(SplitPattern.qwen2.matchEnd(in: quote, from: 0, to: 2) == 2)
  }
}
