package import Backend

/// Checks one case after the other on a backend; one that throws is a failed case, and the others go on.
package struct CaseRunner<B: Backend> {
  private let make: () throws -> B
  private let keepsDenormals: Bool
  private var backend: B?
  /// Why nothing can be computed any more; nil while something can.
  package private(set) var loss: String?

  /// - Parameters:
  ///   - keepsDenormals: whether the device does not take numbers below 2⁻¹²⁶ for zero.
  ///   - make: makes the backend, and another one where that is broken.
  package init(keepsDenormals: Bool = true, _ make: @escaping () throws -> B) {
    self.make = make
    self.keepsDenormals = keepsDenormals
    renew()
  }

  package var activations: ActivationPrecision? { backend?.activations }

  /// - Parameter expected: what the reference makes, or why it makes nothing.
  package mutating func report(_ test: any OpCase, expected: Result<OpResult, any Error>) -> Validator.Report {
    guard let backend else { return .notRun(test.family, test.name, loss ?? "") }
    do {
      return try Validator.check(test, on: backend, expected: expected.get(), keepsDenormals: keepsDenormals)
    } catch {
      if !Self.works(backend) { renew() }
      return .thrown(test.family, test.name, error)
    }
  }

  /// Some drivers refuse everything in a context in which a kernel has failed, and begin anew in another.
  private mutating func renew() {
    backend = nil
    do {
      let made = try make()
      try Self.use(made)
      backend = made
    } catch { loss = "\(error)" }
  }

  private static func works(_ backend: B) -> Bool { (try? use(backend)) != nil }

  /// Values go to the device and come back.
  private static func use(_ backend: B) throws {
    let values: [Float] = [1, 2, 3]
    let x = try backend.makeActivation(rows: 1, columns: values.count, label: "probe")
    try backend.write(values, to: x, at: 0)
    guard try backend.read(x, rows: 0..<1) == values else {
      throw BackendError("\(backend.name): three numbers that were written come back as others")
    }
  }
}

extension Validator.Report {
  /// Of a case that could not be computed.
  package static func thrown(_ family: String, _ name: String, _ error: any Error) -> Validator.Report {
    Validator.Report(family: family, name: name, error: .nan, bound: 0, maxError: .nan, problem: "\(error)")
  }

  /// Of a case behind the loss of its device.
  package static func notRun(_ family: String, _ name: String, _ loss: String) -> Validator.Report {
    var report = Validator.Report(
      family: family, name: name, error: .nan, bound: 0, maxError: .nan,
      problem: "not run, as the device is lost: \(loss)")
    report.isNotRun = true
    return report
  }

  /// Whether values were compared.
  package var isCompared: Bool { !error.isNaN }
}
