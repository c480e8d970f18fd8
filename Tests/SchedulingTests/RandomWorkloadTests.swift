import Scheduling
import TestSupport
import Testing

/// Random requests that come, stop and are cancelled at random moments; `Simulation` checks every plan.
struct RandomWorkloadTests {
  @Test(arguments: PolicyName.allCases, [false, true])
  func everyTokenPassesEveryLayerOnce(name: PolicyName, sharesPrefixes: Bool) throws {
    try play(sharesPrefixes: sharesPrefixes) { layers, random in
      let isSet = Bool.random(using: &random)
      return try PolicyOptions(
        name, chunkSize: name == .chunked && isSet ? Int.random(in: 14...99, using: &random) : nil,
        layerGroups: name == .layered && isSet ? Int.random(in: 1...layers, using: &random) : nil
      ).policy(layerCount: layers)
    }
  }

  /// Whatever a policy may decide, the scheduler keeps its books.
  @Test(arguments: [false, true])
  func anyTilingIsExecuted(sharesPrefixes: Bool) throws {
    try play(sharesPrefixes: sharesPrefixes) { _, random in RandomTiling(seed: random.next()) }
  }

  private func play(
    sharesPrefixes: Bool, policy: (_ layers: Int, inout SplitMix64) throws -> any Policy
  ) throws {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    var (iterations, preemptions, shared) = (0, 0, 0)
    for round in 0..<100 {
      let layers = Int.random(in: 1...9, using: &random)
      let blocks = Int.random(in: 4...80, using: &random)
      var simulation = Simulation(
        policy: try policy(layers, &random), layers: layers, blocks: blocks,
        blockSize: Int.random(in: 1...16, using: &random),
        maxRequests: Int.random(in: 1...12, using: &random),
        maxBatchedTokens: Int.random(in: 1...700, using: &random), sharesPrefixes: sharesPrefixes,
        context: "STRATA_TEST_SEED=\(seed), round \(round)")
      try play(&simulation, &random)
      simulation.checkEnd()
      iterations += simulation.iterations
      preemptions += simulation.preemptions
      shared += simulation.shared
    }
    #expect(iterations > 1500, "the workloads are too small to say much; seed \(seed)")
    #expect(preemptions > 8, "the KV cache is too large to say much; seed \(seed)")
    #expect(sharesPrefixes ? shared > 500 : shared == 0, "seed \(seed)")
  }

  /// Adds up to twenty requests between the iterations, and cancels some.
  private func play(_ simulation: inout Simulation, _ random: inout SplitMix64) throws {
    let capacity = simulation.poolBlocks * simulation.blockSize
    var left = Int.random(in: 1...20, using: &random)
    var steps = 0
    while left > 0 || !simulation.scheduler.isIdle {
      while left > 0, Int.random(in: 0..<3, using: &random) > 0 {
        left -= 1
        let long = Int.random(in: 0..<8, using: &random) == 0
        let prompt = Int.random(in: 1...min(capacity, long ? 2000 : 60), using: &random)
        let maxTokens = Int.random(in: 1...min(capacity - prompt + 1, 60), using: &random)
        // Of few texts, so that many prompts begin with the same tokens.
        let text = Int32.random(in: 0...3, using: &random)
        try simulation.add(
          prompt: prompt, maxTokens: maxTokens, stopsAfter: Int.random(in: 1...maxTokens, using: &random),
          tokens: (0..<Int32(prompt)).map { $0 &* (text + 2) },
          arrival: Double.random(in: 0...50, using: &random), priority: Int.random(in: -2...2, using: &random))
      }
      if Int.random(in: 0..<12, using: &random) == 0, let id = simulation.order.randomElement(using: &random),
        !simulation.finished.contains(id)
      {
        simulation.cancel(id)
      }
      _ = simulation.step()
      steps += 1
      guard steps < 50_000 else { break }  // `checkEnd` says what is left
    }
  }
}
