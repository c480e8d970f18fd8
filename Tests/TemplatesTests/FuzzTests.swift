import Foundation
import JSON
import TestSupport
import Testing

@testable import Templates

/// Damaged templates are rendered or refused, but never end the process.
struct FuzzTests {
  private static let pieces = [
    "{{", "}}", "{%", "%}", "{#", "#}", "-", "+", "(", ")", "[", "]", "{", "}", "|", ".", ",", "~", "'", "\"", " is ",
    " in ", " not ", " if ", " else ", "{% for x in messages %}", "{% endfor %}", "{% endif %}", "{% macro f(a) %}",
    "{% endmacro %}", "{% set x = [x, x] %}", "| tojson", "| join", "| map('upper')", "| sort", "[::-1]", "[1:]",
    "* 99999",
    "range(99999)", "namespace(a=1)", "loop.index", "loop(messages)", "{% break %}", "{% raw %}", "none", "true", "0",
    "1e309",
    "-9223372036854775808", "9223372036854775807", "\u{301}", "\0", "\u{10FFFF}", ".format(x)", " % x", "\\", "\n",
  ]

  @Test func damagedTemplatesNeverCrash() throws {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    let rounds = ProcessInfo.processInfo.environment["STRATA_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 3000
    var sources = try ["channels", "marks", "markup"].map {
      Array(try String(contentsOfFile: Fixtures.path("templates/\($0).jinja"), encoding: .utf8).unicodeScalars)
    }
    let snippets = try String(contentsOfFile: Fixtures.path("templates/snippets.txt"), encoding: .utf8)
    sources += snippets.split(separator: "\n").map { Array($0.unicodeScalars) }
    let conversation = ChatTemplate.Conversation(
      messages: [
        ["role": "user", "content": "a <b>\u{301}"],
        ["role": "assistant", "content": "c", "tool_calls": [["function": ["name": "f", "arguments": ["x": 1.5]]]]],
      ])
    var rendered = 0
    for round in 0..<rounds {
      let text = Self.damaged(sources, &random)
      do throws(TemplateError) {
        _ = try ChatTemplate(text, source: "damaged").render(conversation)
        rendered += 1
      } catch {
        #expect(error.description.hasPrefix("damaged: "), "seed \(seed), round \(round)")
      }
    }
    print("templates: \(rendered) of \(rounds) damaged ones rendered, seed \(seed)")
    #expect(rendered > 0 && rendered < rounds, "seed \(seed)")
  }

  private static func damaged(_ sources: [[Unicode.Scalar]], _ random: inout SplitMix64) -> String {
    var scalars = sources.randomElement(using: &random) ?? []
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      guard !scalars.isEmpty else { break }
      let place = Int.random(in: 0..<scalars.count, using: &random)
      let length = min(scalars.count - place, Int.random(in: 1...20, using: &random))
      switch Int.random(in: 0..<5, using: &random) {
      case 0: scalars[place] = Unicode.Scalar(UInt8.random(in: 0x20...0x7E, using: &random))
      case 1: scalars.removeSubrange(place..<place + length)
      case 2:
        scalars.insert(
          contentsOf: scalars[place..<place + length], at: Int.random(in: 0..<scalars.count, using: &random))
      case 3:
        let other = sources.randomElement(using: &random) ?? []
        scalars.insert(contentsOf: other.suffix(length), at: place)
      default: scalars.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").unicodeScalars, at: place)
      }
    }
    return String(String.UnicodeScalarView(scalars))
  }
}
