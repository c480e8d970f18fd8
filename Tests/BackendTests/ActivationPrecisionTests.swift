import Backend
import Testing

struct ActivationPrecisionTests {
  @Test func namesAreReadAsTheyAreWritten() {
    #expect(ActivationPrecision.allNames == ["f32", "int8", "bf16", "int8,bf16"])
    for name in ActivationPrecision.allNames { #expect(ActivationPrecision(name: name)?.name == name) }
    #expect(ActivationPrecision(name: "bf16,int8") == [.int8, .bf16])
  }

  @Test(arguments: ["", "f16", "int8,", ",bf16", "f32,int8", "INT8", "int8 bf16"])
  func otherNamesAreNone(name: String) { #expect(ActivationPrecision(name: name) == nil) }

  @Test func eachFormatMeetsItsOwnForm() {
    let both: ActivationPrecision = [.int8, .bf16]
    for format in ElementFormat.weights {
      let expected: ActivationForm = format.block != nil ? .int8 : format == .bf16 ? .bf16 : .float32
      #expect(both.form(for: format) == expected)
      #expect(ActivationPrecision.float32.form(for: format) == .float32)
    }
    #expect(ActivationPrecision.int8.form(for: .bf16) == .float32)
    #expect(ActivationPrecision.bf16.form(for: .q80) == .float32)
  }

  /// By hand: bf16 has seven bits behind the first, so that from 1 to 2 a step is 2⁻⁷.
  @Test func valuesBecomeTheNearestOfBF16() {
    let step: Float = 0x1p-7
    let values: [Float] = [1, 1 + step / 2, 1 + 3 * step / 2, -1 - 0.75 * step, 0x1.FFp127, -.infinity, 0x1p-133]
    let expected: [Float] = [1, 1, 1 + 2 * step, -1 - step, .infinity, -.infinity, 0x1p-133]
    #expect(ActivationForm.bf16.rounded(values) == expected)
    #expect(ActivationForm.bf16.rounded([.nan])[0].isNaN)
    #expect(ActivationForm.float32.rounded(values) == values)
  }
}
