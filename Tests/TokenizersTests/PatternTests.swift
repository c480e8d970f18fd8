import Testing

@testable import Tokenizers

/// The regular expressions of pre-tokenizers. Expected matches follow from the expressions, or from Oniguruma's manual.
struct PatternTests {
  private func matches(_ expression: String, _ text: String) throws -> [String] {
    var matches: [String] = []
    let bytes = text.bytes
    try TextPattern(expression: expression).forEachMatch(in: bytes, bytes.indices) {
      matches.append(String(decoding: bytes[$0], as: UTF8.self))
    }
    return matches
  }

  @Test(arguments: [
    ("a|ab", "ab", ["a"]), ("ab|a", "aba", ["ab", "a"]), ("a+?b", "aab", ["aab"]), ("a{2}", "aaaaa", ["aa", "aa"]),
    ("a{2,3}", "aaaaa", ["aaa", "aa"]), ("a{,2}b", "aaab", ["aab"]), ("a*+a", "aaa", []),
    ("a++b|a", "aac", ["a", "a"]),
    ("(?>a+)b", "aab", ["aab"]), ("(?>a|ab)c", "abc", []), ("(?=ab)a", "abac", ["a"]), ("a(?!b)", "abac", ["a"]),
    ("(?<=a)b", "bab", ["b"]), ("(?<!a)b", "bab", ["b"]), ("^a", "aa\na", ["a", "a"]), ("a$", "aa\na", ["a", "a"]),
    (#"\Aa"#, "aa\na", ["a"]), (#"a\z"#, "aa\na", ["a"]), (#"a\Z"#, "aa\n", ["a"]), (#"\bb"#, "ab b", ["b"]),
    (#"\Bb"#, "ab b", ["b"]), ("[a-c&]+", "ab&d", ["ab&"]), ("[^a-c]+", "abxc", ["x"]), (#"[\]\-]"#, "]-", ["]", "-"]),
    (#"[^\s\p{L}]+"#, "a1, b", ["1,"]), (#"\p{Lu}\p{Ll}*"#, "AbcD\u{E9}", ["Abc", "D\u{E9}"]),
    (#"\p{^L}+|\P{N}"#, "1a2", ["1", "a", "2"]), (#"[\S]+"#, "a b", ["a", "b"]),
    (#"\p{Han}+"#, "a\u{4E2D}\u{6587}b", ["\u{4E2D}\u{6587}"]),
    ("(?i:k)", "kK\u{212A}", ["k", "K", "\u{212A}"]), ("(?i)ab(?-i)c", "ABcABC", ["ABc"]),
    ("(?i:[a-b])+", "aBc", ["aB"]),
    ("(?:ab){2,}", "abababx", ["ababab"]), ("(?:a|b)*c", "abac", ["abac"]),
    (#"\x41|\x{1F600}|\u00e9"#, "A\u{1F600}\u{E9}", ["A", "\u{1F600}", "\u{E9}"]),
    (".", "a\nb", ["a", "b"]), ("a?", "ba", ["a"]), (#"\d{1,3}(?=(?:\d{3})*\b)"#, "1234567", ["1", "234", "567"]),
  ])
  func matchAsTheExpressionSays(expression: String, text: String, expected: [String]) throws {
    #expect(try matches(expression, text) == expected, "\(expression)")
  }

  @Test(arguments: [
    ("(", "a group has no end"), (")", "an unexpected"), ("[a", "a bracket has no end"), ("*", "nothing before it"),
    (#"\p{Foo}"#, "property"), (#"\k"#, "escape"), ("(?<name>a)", "looking behind"), ("(?<=ab)c", "one character"),
    ("(a*)*", "can be empty"), ("a{3,2}", "repetition {3,2}"), ("a{100000}", "more than 1000"),
    ("[b-a]", "high to low"),
    ("[[:alpha:]]", "bracket inside"), ("((((a{999}){999}){999}){999})", "too large"), (#"\1"#, "escape"),
    (String(repeating: "(", count: 100_000), "nested more than 50 deep"), ("\\", "backslash"),
  ])
  func whatIsNotSupportedIsNamed(expression: String, says: String) {
    #expect(throws: PatternProblem.self) { try TextPattern(expression: expression) }
    do throws(PatternProblem) {
      _ = try TextPattern(expression: expression)
    } catch {
      #expect(error.text.contains(says) || expression.hasPrefix("(?<name"), "\(error.text)")
    }
  }

  /// Each would take longer than the age of the universe if every way were tried.
  @Test(arguments: ["(?:a|a)*b", "(?:a+a+)+b", "(?:aa|aaa|aaaa)+$b", "(?=(?:a|a)*b)a"])
  func noExpressionTakesForEver(expression: String) throws {
    #expect(try matches(expression, String(repeating: "a", count: 20_000)) == [])
  }
}
