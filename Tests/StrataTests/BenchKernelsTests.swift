import TestSupport
import Testing

/// `strata bench products` and `strata bench attention`, end to end.
struct BenchKernelsTests {
  private struct Products: Decodable {
    struct Time: Decodable {
      var format: String
      var rows: Int
      var seconds: Double
      var operationsPerSecond: Double
      var bytesPerSecond: Double
      var computeShares: [Double]
    }
    var times: [Time]
  }

  private struct Attention: Decodable {
    struct Time: Decodable {
      var rows: Int
      var samples: [Double]
      var seconds: Double
      var operationsPerSecond: Double
      var bytesPerSecond: Double
    }
    var times: [Time]
  }

  /// Two experts of 64 columns and 32 between: 3 · 64 · 32 weights each, in blocks of 32 of 34 bytes.
  @Test(.needsOpenCL) func productsAreCountedByHand() async throws {
    let outcome = try await Strata.run(
      "bench", "products", "--device", "0", "--format", "q8_0", "--rows", "1,3", "--hidden", "64", "--intermediate",
      "32",
      "--experts", "2", "--rounds", "2", "--json")
    let times = try outcome.expectSuccess().json(Products.self).times
    #expect(times.map(\.rows) == [1, 3])
    for time in times {
      #expect(time.format == "Q8_0" && time.computeShares.count == 2)
      let operations: Double = time.operationsPerSecond * time.seconds
      #expect(abs(operations - Double(2 * time.rows * 2 * 6144)) < 0.01)
      let bytes: Double = time.bytesPerSecond * time.seconds
      #expect(abs(bytes - 2 * 6144 / 32 * 34) < 0.01)
    }
  }

  /// 40 rows see 1 to 40 positions, 820 in all; one row sees 40. A key and a value of 16 for each position.
  @Test(.needsOpenCL) func attentionIsCountedByHand() async throws {
    let outcome = try await Strata.run(
      "bench", "attention", "--device", "0", "--heads", "2", "--key-value-heads", "1", "--head-size", "16",
      "--positions",
      "40", "--rounds", "2", "--json")
    let times = try outcome.expectSuccess().json(Attention.self).times
    #expect(times.map(\.rows) == [40, 1])
    for (time, seen) in zip(times, [820, 40]) {
      #expect(time.samples.count == 2)
      let operations: Double = time.operationsPerSecond * time.seconds
      #expect(abs(operations - Double(seen * 2 * 16 * 4)) < 0.01)
      let bytes: Double = time.bytesPerSecond * time.seconds
      #expect(abs(bytes - 40 * 2 * 16 * 4) < 0.01)
    }
  }

  @Test func badOptionsAreErrors() async throws {
    try await Strata.run("bench", "products", "--device", "reference").expectFailure("expected an OpenCL device")
    try await Strata.run("bench", "products", "--format", "q9").expectUsageError("--format")
    try await Strata.run("bench", "attention", "--device", "reference").expectFailure("expected an OpenCL device")
  }

  @Test(.needsOpenCL) func sizesThatCannotBeAreErrors() async throws {
    try await Strata.run(
      "bench", "products", "--device", "0", "--format", "q4_k", "--intermediate", "100"
    ).expectFailure("Q4_K has blocks of 256")
    try await Strata.run("bench", "products", "--device", "0", "--rounds", "0").expectFailure("rounds")
    try await Strata.run("bench", "attention", "--device", "0", "--heads", "3", "--key-value-heads", "2").expectFailure(
      "query heads that are a multiple")
  }
}
