import TestSupport
import Testing

/// `STRATA_OP_FILTER`: ops that the reference computes, in any command.
@Suite(.needsOpenCL)
struct OpFilterTests {
  private func validate(_ filter: String, _ environment: [String: String] = [:]) async throws -> Outcome {
    try await Strata.run(
      "validate", "--op", "Norm", "--cases", "0", "--variant", "cpu", "--summary",
      environment: environment.merging(["STRATA_OP_FILTER": filter, "STRATA_DEVICE": "\(Strata.devices[0])"]) { $1 })
  }

  /// A kernel is wrong, and the op that it belongs to is told by what makes the fault go.
  @Test func aFaultGoesWithItsOp() async throws {
    let kernels = try KernelCopy()
    try kernels.change("Norm/rms_norm.cpu.cl") { $0.replacing("* scale *", with: "* scale * 1.01f *") }
    #expect(try await validate("Linear|Attention", kernels.environment).status == 1)
    let repaired = try await validate("norm", kernels.environment).expectSuccess()
    #expect(repaired.errors.contains("STRATA_OP_FILTER: the reference computes Norm\n"), "\(repaired)")
  }

  @Test func whatMatchesNothingIsSaid() async throws {
    let outcome = try await validate("nonsense").expectSuccess()
    #expect(outcome.errors.contains("STRATA_OP_FILTER: nothing goes to the reference"))
    #expect(outcome.errors.contains("Embedding, Norm, Linear, HeadProducts, Attention, Routing, Experts\n"))
    #expect(try await !validate("").expectSuccess().errors.contains("STRATA_OP_FILTER"))
  }

  @Test func aPatternThatIsNoneIsRefused() async throws {
    let outcome = try await validate("(")
    outcome.expectFailure("STRATA_OP_FILTER is \"(\"", "regular expression")
  }
}
