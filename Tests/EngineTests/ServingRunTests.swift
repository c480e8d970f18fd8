import Engine
import Models
import Scheduling
import TestSupport
import Testing

/// Workloads on a real engine: what is counted and timed fits together, whatever the policy.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct ServingRunTests {
  private let files: ModelFiles

  init() throws { files = try ModelFiles(path: Fixtures.path("qwen3_moe")) }

  private func engine(_ policy: any Policy, positions: Int = 2048, maxRequests: Int = 256) throws -> Engine {
    var options = TestTarget.any.options(cachePositions: positions, policy: policy)
    options.maxRequests = maxRequests
    return try Engine(files, tokenizer: nil, options: options)
  }

  private func workload(_ arrivals: [(time: Double, prompt: Int, output: Int)]) -> Workload {
    Workload(
      arrivals: arrivals.map { .init(time: $0.time, lengths: .init(promptTokens: $0.prompt, outputTokens: $0.output)) })
  }

  private func run(_ workload: Workload, seed: UInt64 = 1, sharedTokens: Int = 0) -> ServingRun {
    ServingRun(
      workload, vocabulary: files.description.vocabularySize, seed: seed, sharedTokens: sharedTokens)
  }

  static let policies: [any Policy] = [
    Layered(groups: 3), Chunked(chunkSize: 24), Continuous(), Adaptive(tbtTarget: 0.05), Calibration(),
  ]

  @Test(arguments: policies)
  func everyRequestGetsItsTokensInOrder(policy: any Policy) async throws {
    let arrivals = [(0.0, 60, 9), (0.0, 5, 20), (0.01, 33, 1), (0.015, 90, 6), (0.02, 1, 12)]
    let outcome = try await run(workload(arrivals)).run(on: engine(policy))
    #expect(outcome.requests.map(\.promptTokens) == arrivals.map(\.1))
    #expect(outcome.requests.map(\.tokens.count) == arrivals.map(\.2))
    for (times, arrival) in zip(outcome.requests, arrivals) {
      #expect(abs(times.arrival - arrival.0) < 1e-6)
      let all = [times.arrival] + times.tokens
      #expect(zip(all, all.dropFirst()).allSatisfy { $0 < $1 }, "\(all)")
    }
    for result in outcome.results {
      #expect(result.finishReason == .length && result.tokens.count == result.tokenTimes.count)
      let whole = result.timeToFirstToken + (result.meanTimeBetweenTokens ?? 0) * Double(result.tokens.count - 1)
      #expect(abs(result.duration - whole) < 1e-6)
    }
    // Every token but a request's first one was a decode row.
    #expect(outcome.totals.decodeRows == arrivals.reduce(0) { $0 + $1.2 - 1 })
    #expect(outcome.totals.iterations >= 20)
    #expect(outcome.totals.inSystemAtArrivals.count == 5 && outcome.totals.preemptions == 0)
  }

  /// Nobody waits for an answer before asking: with one place, all that came are in the system.
  @Test func arrivalsDoNotWaitForOthers() async throws {
    let load = workload((0..<6).map { (Double($0) * 1e-6, 50, 200) })
    let outcome = try await run(load).run(on: engine(Layered(), maxRequests: 1))
    #expect(outcome.totals.inSystemAtArrivals.sorted() == [0, 1, 2, 3, 4, 5])
    // They are served one after another, and their waiting counts.
    let served = outcome.requests.sorted { $0.tokens[0] < $1.tokens[0] }
    for (before, next) in zip(served, served.dropFirst()) {
      #expect(before.tokens[199] < next.tokens[0])
      #expect(try #require(next.timeToFirstToken) > #require(before.duration) - 1e-5)
    }
  }

  /// A prompt alone: at each layer every expert that a token chose is read once.
  @Test(arguments: [1, 2, 4])
  func layeredReadsEachExpertOnce(groups: Int) async throws {
    let layers = files.description.layerCount
    let engine = try engine(Layered(groups: groups))
    let serving = run(workload([(0, 150, 1)]))
    let totals = try await serving.run(on: engine).totals
    let bytes = try #require(totals.ledger.total.memory[.expert])
    #expect(totals.iterations == groups && bytes.decode == 0)
    #expect(bytes.prefill == Double(try await distinctExperts(serving).reduce(0, +) * expertBytes))

    // Again after a restart, nothing is left of the run before; in chunks each one reads its own experts.
    try await engine.restart(Chunked(chunkSize: 50))
    let chunked = try await serving.run(on: engine).totals
    #expect(chunked.iterations == 3)
    let chunkedBytes = try #require(chunked.ledger.total.memory[.expert])
    #expect(
      chunkedBytes.prefill == Double(try await distinctExperts(serving, chunk: 50).reduce(0, +) * expertBytes))
    #expect(layers == 4 && chunkedBytes.prefill > bytes.prefill)
  }

  /// Three matrices in bf16.
  private var expertBytes: Int { 2 * files.description.expertElements }

  /// By layer and chunk, how many experts the tokens of the first prompt chose, from what the routers say.
  private func distinctExperts(_ serving: ServingRun, chunk: Int? = nil) async throws -> [Int] {
    var request = serving.requests[0]
    request.capture = CaptureOptions(hidden: true)
    let result = try await generate(files, [request], on: .any, policy: Layered(groups: 1))[0]
    let chosen = files.description.chosenExperts
    return try #require(result.capture).router.flatMap { layer in
      stride(from: 0, to: layer.count, by: (chunk ?? request.prompt.count) * chosen).map { start in
        Set(layer[start..<min(start + (chunk ?? request.prompt.count) * chosen, layer.count)]).count
      }
    }
  }

  @Test func promptsAreDistinctUnlessShared() throws {
    let load = workload((0..<8).map { _ in (0, 64, 1) })
    let prompts = run(load).requests.map(\.prompt)
    #expect(Set(prompts.map { $0.prefix(16) }).count == 8)
    #expect(prompts == run(load).requests.map(\.prompt) && prompts != run(load, seed: 2).requests.map(\.prompt))
    let shared = run(load, sharedTokens: 40).requests.map(\.prompt)
    #expect(Set(shared.map { $0.prefix(40) }).count == 1 && Set(shared.map { $0.suffix(24) }).count == 8)
    #expect(run(load, sharedTokens: 100).requests.allSatisfy { $0.prompt.count == 64 })
    let last = Int32(files.description.vocabularySize)
    #expect(prompts.allSatisfy { $0.allSatisfy { (0..<last).contains($0) } })
  }

  @Test func sharedTokensComeFromTheCache() async throws {
    // One after another: the second comes when the first is long done.
    let engine = try engine(Layered(), maxRequests: 1)
    _ = try await run(workload([(0, 64, 1), (0, 64, 1)]), sharedTokens: 32).run(on: engine)
    #expect(await engine.schedulerStatistics.sharedTokens == 32)
    try await engine.restart(Layered())
    #expect(await engine.schedulerStatistics.sharedTokens == 0)
  }

  /// Too few blocks for all: requests give way, and still get all of their tokens.
  @Test func preemptionsAreCounted() async throws {
    let load = workload((0..<4).map { _ in (0, 40, 60) })
    let outcome = try await run(load).run(on: engine(Layered(), positions: 16 * 16))
    #expect(outcome.totals.preemptions > 0)
    #expect(outcome.requests.allSatisfy { $0.tokens.count == 60 })
  }

  @Test func anEngineWithRequestsDoesNotRestart() async throws {
    let engine = try engine(Layered())
    let stream = try await engine.submit([GenerationRequest(prompt: [1, 2, 3], maxTokens: 200)])[0]
    await #expect(throws: EngineError.self) { try await engine.restart(Chunked()) }
    #expect(try await stream.result().tokens.count == 200)
    try await engine.restart(Chunked())
    #expect(await engine.policy is Chunked)
  }

  /// Calibration learns from each iteration; what it makes of times is `IterationTimeTests`' matter.
  @Test func calibrationLearnsTheDevice() async throws {
    let engine = try engine(Calibration(skipping: 0))
    let outcome = try await run(workload((0..<4).map { _ in (0, 200, 10) })).run(on: engine)
    let time = try #require(await engine.policy as? Calibration).time
    #expect(time.observations > 10)
    #expect(time.observations == outcome.totals.iterations)
  }
}
