import TestSupport
import Testing

/// `strata tune`, end to end.
struct TuneTests {
  @Test(.needsOpenCL) func whatWasFoundIsNotSearchedAgain() async throws {
    let folder = try TemporaryFolder()
    // The first task alone fits into the time; which cut is best is nobody's promise.
    let options = ["tune", "--device", "0", "--format", "q4_0", "--seconds", "0.001"]
    let environment = ["STRATA_CACHE_DIR": folder.path]
    let first = try await Strata.run(options, environment: environment).expectSuccess()
    #expect(first.errors.contains("1 of 5: linear Q4_0, one row"))
    #expect(first.errors.contains("4 to go: run the same command again"))
    let second = try await Strata.run(options, environment: environment).expectSuccess()
    #expect(!second.errors.contains("1 of 5:") && second.errors.contains("2 of 5: experts Q4_0, one row"))
    #expect(second.output.contains(#/linear +Q4_0 +one/#))
  }

  @Test func badOptionsAreErrors() async throws {
    try await Strata.run(["tune", "--seconds", "0"]).expectUsageError("--seconds is 0")
    try await Strata.run(["tune", "--format", "q9"]).expectUsageError("--format")
    try await Strata.run(["tune", "--device", "reference"]).expectFailure("expected an OpenCL device")
  }
}
