import Backend
import Testing

struct ElementFormatTests {
  /// As in GGUF, and in lower case what stands alone.
  @Test func namesAreThoseThatPeopleWrite() {
    let names = [ElementFormat.f32, .bf16, .q80, .q4K, .iq4NL, .mxfp4].map(\.name)
    #expect(names == ["f32", "bf16", "Q8_0", "Q4_K", "IQ4_NL", "MXFP4"])
  }

  @Test func namesAreReadInAnyCase() {
    for format in ElementFormat.allCases {
      #expect(ElementFormat(name: format.name) == format)
      #expect(ElementFormat(name: format.name.lowercased().replacing("_", with: "")) == format)
    }
    for text in ["", "last", "q61", "K"] { #expect(ElementFormat(name: text) == nil) }
  }
}
