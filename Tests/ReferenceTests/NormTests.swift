import Reference
import Testing

struct NormTests {
  /// mean([3, 4]²) = 12.5, hence x / √12.5 = [0.848528…, 1.131370…], times [1, −2].
  @Test func rowsAreDividedByTheirRootMeanSquare() {
    let test = ReferenceHarness()
    let x = test.activation([3, 4, -3, 4], rows: 2)
    let out = test.empty(rows: 2, columns: 2)
    let weight = test.backend.loadVector([1, -2], label: "weight")
    test.backend.rmsNorm(x, weight: weight, epsilon: 0, rows: 2, into: out)
    let (a, b) = (3 / 12.5.squareRoot(), 4 / 12.5.squareRoot())
    #expect(difference(test.backend.read(out, rows: 0..<2), [a, -2 * b, -a, -2 * b]) < 3e-7)
  }

  /// ε is under the root: x = [0.001, 0.001], mean of squares 1e-6, ε = 3e-6: x / 0.002.
  @Test func epsilonIsAddedToTheMean() {
    let test = ReferenceHarness()
    let out = test.empty(rows: 1, columns: 2)
    let weight = test.backend.loadVector([1, 1], label: "weight")
    test.backend.rmsNorm(test.activation([0.001, 0.001]), weight: weight, epsilon: 3e-6, rows: 1, into: out)
    #expect(difference(test.backend.read(out, rows: 0..<1), [0.5, 0.5]) < 1e-7)
  }

  @Test func onlyTheFirstRowsAreWritten() {
    let test = ReferenceHarness()
    let out = test.empty(rows: 2, columns: 1)
    let weight = test.backend.loadVector([1], label: "weight")
    test.backend.rmsNorm(test.activation([5, 5], rows: 2), weight: weight, epsilon: 0, rows: 1, into: out)
    let values = test.backend.read(out, rows: 0..<2)
    #expect(values[0] == 1)
    #expect(values[1].isNaN)
    test.backend.rmsNorm(test.activation([5, 5], rows: 2), weight: weight, epsilon: 0, rows: 0, into: out)
  }
}
