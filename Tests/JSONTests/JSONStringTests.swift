import JSON
import Testing

struct JSONStringTests {
  @Test func equalAreOnlyTheSameBytes() {
    let strings: [JSONString] = ["\u{E9}", "e\u{301}", "", "\0", "a", "ab", "a\u{327}\u{301}", "a\u{301}\u{327}"]
    for (index, string) in strings.enumerated() {
      for (other, otherString) in strings.enumerated() { #expect((string == otherString) == (index == other)) }
      #expect(string.bytes == Array(string.text.utf8))
    }
    #expect(Set(strings).count == strings.count)
  }

  @Test func spellsItselfAsJSON() {
    #expect(JSONString("").literal == "\"\"")
    #expect(JSONString("a\"b\\c/\n\u{1}\u{7F}é😀").literal == #""a\"b\\c/\u000a\u0001"# + "\u{7F}é😀\"")
  }

  /// However the string is stored: short ones lie in the value itself.
  @Test(arguments: ["", "short", "é", String(repeating: "long é ", count: 20)])
  func equalStringsHaveEqualHashes(text: String) {
    let substring = JSONString(String("<\(text)>".dropFirst().dropLast()))
    #expect(substring == JSONString(text))
    #expect(substring.hashValue == JSONString(text).hashValue)
  }
}
