package import Backend

/// What the reference makes of cases, computed ahead of whoever asks, while a device and its compiler have their own cases.
package struct ExpectedResults {
  private static let mostAhead = 16

  private let cases: [any OpCase]
  private let activations: ActivationPrecision
  private var begun: ArraySlice<Task<OpResult, any Error>> = []
  private var next = 0

  package init(_ cases: [any OpCase], _ activations: ActivationPrecision) {
    self.cases = cases
    self.activations = activations
  }

  /// The result of the next case, or what the reference throws.
  package mutating func take() async -> Result<OpResult, any Error> {
    while begun.count < Self.mostAhead, next < cases.count {
      begun.append(Task.detached { [test = cases[next], activations] in try Validator.expected(test, activations) })
      next += 1
    }
    return await begun.removeFirst().result
  }
}
