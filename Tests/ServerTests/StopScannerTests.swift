import Foundation
import TestSupport
import Testing

@testable import Server

struct StopScannerTests {
  /// What comes out of pieces, and whether a stop string was found.
  private func scan(_ pieces: [String], _ stops: [String]) -> (texts: [String], isStopped: Bool) {
    var scanner = StopScanner(stops)
    var texts: [String] = []
    for piece in pieces {
      let (text, stop) = scanner.append(piece)
      texts.append(text)
      if stop != nil { return (texts, true) }
    }
    return (texts + [scanner.finish()], false)
  }

  @Test
  func `A stop string across pieces is never seen`() {
    #expect(scan(["Hello <", "EN", "D> more"], ["<END>"]) == (["Hello ", "", ""], true))
    #expect(scan(["a<", "EN", "x"], ["<END>"]) == (["a", "", "<ENx", ""], false))
    #expect(scan(["a<EN"], ["<END>"]) == (["a", "<EN"], false))
    #expect(scan(["aab"], ["ab"]) == (["a"], true))
    #expect(scan(["x", "é", "y"], ["éy"]) == (["x", "", ""], true))
  }

  @Test
  func `The first stop string counts`() {
    #expect(scan(["one two three"], ["three", "two"]) == (["one "], true))
    #expect(scan(["abc"], ["bc", "abc"]) == ([""], true))
    #expect(scan(["abc", "d"], ["abcd", "bc"]) == (["a"], true))
    #expect(scan(["abcd"], ["abcd", "bc"]) == (["a"], true))
  }

  @Test
  func `Any cutting gives the text before the first stop string, and nothing of it`() {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    for _ in 0..<2000 {
      let text = (0..<Int.random(in: 0...20, using: &random)).map { _ in "abé".randomElement(using: &random) ?? "a" }
      let stops = (0..<Int.random(in: 1...2, using: &random)).map { _ in
        String((0..<Int.random(in: 1...4, using: &random)).map { _ in "abé".randomElement(using: &random) ?? "a" })
      }
      var pieces: [String] = []
      var rest = text[...]
      while !rest.isEmpty {
        let count = Int.random(in: 1...3, using: &random)
        pieces.append(String(rest.prefix(count)))
        rest = rest.dropFirst(count)
      }
      let whole = String(text)
      let first = whole.indices.lazy.map { whole[...$0] }.first { start in stops.contains { start.hasSuffix($0) } }
      let longest = first.flatMap { start in stops.filter { start.hasSuffix($0) }.map(\.count).max() }
      let expected = first.map { String($0.dropLast(longest ?? 0)) } ?? whole
      let (texts, isStopped) = scan(pieces, stops)
      #expect(texts.joined() == expected, "seed \(seed): \(pieces) \(stops)")
      #expect(isStopped == (first != nil), "seed \(seed): \(pieces) \(stops)")
    }
  }
}
