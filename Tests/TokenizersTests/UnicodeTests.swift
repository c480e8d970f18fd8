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
      let found = !ScalarClasses.of(value).isDisjoint(with: wanted)
      if found != expected[Int(value)] { Issue.record("U+\(String(value, radix: 16)) is \(name): \(found)") }
    }
  }

  @Test func compositionAgrees() throws {
    for line in try Fixtures.lines("nfc.txt") {
      let text = try utf8(line[0])
      let expected = try utf8(line[1])
      let found = Composition.canonical.normalised(text, in: text.indices) ?? text
      #expect(found == expected, "\(line[0])")
      // A normalised text stays as it is.
      #expect(Composition.canonical.normalised(expected, in: expected.indices) ?? expected == expected, "\(line[1])")
    }
  }

  @Test func compositionTakesOnlyItsRange() {
    let text = Array("e\u{301}e\u{301}".utf8)
    #expect(Composition.canonical.normalised(text, in: 0..<3) == Array("\u{e9}".utf8))
    #expect(Composition.canonical.normalised(text, in: 3..<4) == nil)
    #expect(Composition.canonical.normalised(text, in: 2..<2) == nil)
  }

  private func utf8(_ column: Substring) throws -> [UInt8] {
    var text = String.UnicodeScalarView()
    for value in try Fixtures.integers(column, radix: 16) as [UInt32] {
      text.append(try #require(Unicode.Scalar(value)))
    }
    return Array(String(text).utf8)
  }

  private static let qwen2 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  @Test(arguments: [(PreTokenizer.gpt2, 5), (qwen2, 6)])
  func patternsCutTheSamePieces(pattern: String, column: Int) throws {
    let pattern = try TextPattern(expression: pattern)
    for line in try Fixtures.lines("strings.txt") {
      let text = Array(String(decoding: try Fixtures.base64(line[0]), as: UTF8.self).utf8)
      let expected: [Int] = try Fixtures.integers(line[column])
      #expect(pieces(of: text, by: pattern).map(\.unicodeScalars.count) == expected, "\(line[0])")
    }
  }

  private func pieces(of text: [UInt8], by pattern: TextPattern) -> [String] {
    var pieces: [String] = []
    SplitStep(pattern, .isolated).forEachPiece(in: text, text.indices) {
      pieces.append(String(decoding: text[$0], as: UTF8.self))
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
  func patternsFollowTheirExpression(text: String, gpt2: [String], qwen2: [String]) throws {
    #expect(pieces(of: text.bytes, by: try TextPattern(expression: PreTokenizer.gpt2)) == gpt2)
    #expect(pieces(of: text.bytes, by: try TextPattern(expression: Self.qwen2)) == qwen2)
  }

  @Test func aMatchEndsWhereItsTextEnds() throws {
    // The range stops before "b": the lookahead must not see it, so all three spaces are one piece.
    let text = Array("a   b".utf8)
    for expression in [PreTokenizer.gpt2, Self.qwen2] {
      let split = SplitStep(try TextPattern(expression: expression), .isolated)
      for (end, expected) in [(4, [0..<1, 1..<4]), (5, [0..<1, 1..<3, 3..<5])] {
        var pieces: [Range<Int>] = []
        split.forEachPiece(in: text, 0..<end) { pieces.append($0) }
        #expect(pieces == expected)
      }
    }
  }
}
