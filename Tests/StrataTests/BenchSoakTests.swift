import TestSupport
import Testing

/// `strata bench soak`: a few seconds of it.
@Suite(.needsOpenCL)
struct BenchSoakTests {
  @Test func outputsAreThoseOfASerialRun() async throws {
    let outcome = try await Strata.run(
      "bench", "soak", "--model", Fixtures.path("tiny-moe"), "--device", "\(Strata.devices[0])", "--seconds", "8",
      "--interval", "2", "--engine-seconds", "1.5", "--seed", "3"
    ).expectSuccess()
    let lines = outcome.output.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    let header = try #require(lines.first)
    #expect(lines.count > 1 && lines.allSatisfy { $0.count == header.count })
    func sum(_ name: Substring) throws -> Int {
      let column = try #require(header.firstIndex(of: name))
      return lines.dropFirst().reduce(0) { $0 + (Int($1[column]) ?? 0) }
    }
    #expect(try sum("engines") > 0)
    #expect(try sum("wrong") == 0 && sum("failed") == 0)
  }

  @Test func timesThatAreNoneAreRefused() async throws {
    for option in ["--seconds", "--interval", "--engine-seconds"] {
      try await Strata.run("bench", "soak", "--model", "absent", option, "0").expectUsageError(option)
    }
  }
}
