import Backend
import Reference
import Testing

struct LinearTests {
  @Test func rowsTimesTheTransposedMatrix() throws {
    let test = ReferenceHarness()
    let weight = try test.matrix([[[1, 2, 3], [4, 5, 6]]])
    let x = test.activation([1, 10, 100, -1, 0, 1], rows: 2)
    let out = test.empty(rows: 2, columns: 2)
    try test.backend.linear(x, weight, rows: 2, into: out, accumulate: false)
    #expect(test.backend.read(out, rows: 0..<2) == [321, 654, 2, 2])
    try test.backend.linear(x, weight, rows: 1, into: out, accumulate: true)
    #expect(test.backend.read(out, rows: 0..<2) == [642, 1308, 2, 2])
  }

  /// Several tensors stacked are one matrix, in f16 and bf16 as in f32: 1.5 and −2 are exact in all.
  @Test func tensorsOfAllFormatsAreStacked() throws {
    let test = ReferenceHarness()
    let parts = [
      HostTensor(name: "a", format: .f16, shape: [1, 2], values: [Float16(1.5), Float16(-2)]),
      HostTensor(name: "b", format: .bf16, shape: [1, 2], values: [UInt16(0x3FC0), UInt16(0xC000)]),
      HostTensor(name: "c", format: .f32, shape: [1, 2], values: [Float(1.5), Float(-2)]),
    ]
    let weight = test.backend.loadMatrix(try MatrixSource(label: "stack", parts: [parts]))
    let out = test.empty(rows: 1, columns: 3)
    try test.backend.linear(test.activation([2, 1]), weight, rows: 1, into: out, accumulate: false)
    #expect(test.backend.read(out, rows: 0..<1) == [1, 1, 1])
  }

  /// 1 + 2⁻³⁰ − 1 is lost in f32 sums, not in Double ones.
  @Test func sumsAreInDoublePrecision() throws {
    let test = ReferenceHarness()
    let weight = try test.matrix([[[1, 0x1p-30, -1]]])
    let out = test.empty(rows: 1, columns: 1)
    try test.backend.linear(test.activation([1, 1, 1]), weight, rows: 1, into: out, accumulate: false)
    #expect(test.backend.read(out, rows: 0..<1) == [0x1p-30])
  }

  /// (2 + 1) / 2 and (3 − 1) / 2 into the last two of four columns.
  @Test func biasScaleAndColumn() throws {
    let test = ReferenceHarness()
    let weight = try test.matrix([[[2], [3]]])
    let out = test.activation([9, 9, 1, 1])
    let bias = test.backend.loadVector([1, -1], label: "bias")
    test.backend.linear(
      test.activation([1]), weight, options: LinearOptions(bias: bias, scale: 0.5, column: 2), rows: 1, into: out)
    #expect(test.backend.read(out, rows: 0..<1) == [9, 9, 1.5, 1])
    test.backend.linear(
      test.activation([1]), weight, options: LinearOptions(bias: bias, column: 2, accumulate: true), rows: 1, into: out)
    #expect(test.backend.read(out, rows: 0..<1) == [9, 9, 4.5, 3])
  }

  /// Two heads of three elements: the first two are multiplied, by a matrix each head has, the third comes behind.
  @Test func headsHaveMatricesOfTheirOwn() throws {
    let test = ReferenceHarness()
    let weights = try test.matrix([[[1, 1], [1, -1], [0, 2]], [[10, 0], [0, 10], [1, 1]]], kind: .heads)
    let out = test.activation([0, 0, 0, 0, 0, 0, 0, 0, 7])
    test.backend.multiplyHeads(
      test.activation([3, 4, 5, 6, 7, 8]), headSize: 3, weights, rows: 1, into: out)
    #expect(test.backend.read(out, rows: 0..<1) == [7, -1, 8, 5, 60, 70, 13, 8, 7])
  }
}
