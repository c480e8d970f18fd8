import JSON
import Testing

struct PrintableTests {
  @Test(arguments: [
    ("", "\"\"", "\"\""), ("abc é 😀", "abc é 😀", "\"abc é 😀\""),
    ("\u{1B}[31m\n", "\\u{1B}[31m\\n", "\"\\u{1B}[31m\\n\""),
    ("\u{202E}x", "\\u{202E}x", "\"\\u{202E}x\""),
  ])
  func escapesWhatCouldSteerATerminal(text: String, printed: String, inQuotes: String) {
    #expect(printable(text) == printed)
    #expect(quoted(text) == inQuotes)
    #expect(quoted(Array(text.utf8)) == inQuotes)
  }

  @Test func cutsLongTexts() {
    let text = String(repeating: "é", count: 200)
    #expect(printable(text) == text)
    #expect(printable(text + "x") == text + "…")
    #expect(quoted(text + "x") == "\"\(text)…\"")
  }
}
