package import Backend
package import Engine
import Models
import OpenCL
package import Scheduling

/// Measures how many tokens a second a model makes on a device, in the way of llama-bench: prompts of random tokens, and
/// random tokens decoded one after the other, from an empty cache or behind tokens that are in it, nothing sampled.
package struct TokenBenchmark: Sendable {
  package var device: DeviceSelection
  package var policy = PolicyOptions(.layered)
  package var tests: [TokenTest]
  package var repetitions = 5
  /// Whether each test runs once more before, and does not count.
  package var warmsUp = true
  /// Whether each test runs once more with its launches timed, in the end.
  package var profilesOps = false
  package var deviceMemory: DeviceMemory = .share(0.9)
  /// What products of weights in blocks take; what suits the device unless given.
  package var activations: ActivationPrecision?
  package var experts = ExpertMemory()
  package var seed: UInt64 = 1

  package init(device: DeviceSelection, tests: [TokenTest]) {
    self.device = device
    self.tests = tests
  }

  /// What the caller is told on the way.
  package enum Step: Sendable {
    case loading(done: Int, total: Int)
    case loaded
    case ceilings
    /// Of a test: 0 is the warm-up.
    case running(TokenTest, repetition: Int)
    case profiling(TokenTest)
  }

  /// Tokens that a warm-up decodes at most.
  private static let warmUpTokens = 16

  /// Runs everything.
  /// - Returns: a result for each test, in their order.
  /// - Throws: `EngineError` for a test that does not fit into the context, or what fails on the device.
  package func run(
    _ files: ModelFiles, progress: @escaping @Sendable (Step) -> Void
  ) async throws -> [TokenResult] {
    try check(files)
    var results = try await measure(files, progress)
    guard profilesOps else { return results }
    // An engine of its own, for timing each launch takes time; the first one is gone, and its memory is free.
    let engine = try engine(files, profiling: true, progress)
    for (index, test) in tests.enumerated() {
      progress(.profiling(test))
      _ = try await run(test.shortened(to: Self.warmUpTokens), on: engine, seed: seed)
      _ = try await engine.takeRecords()
      let run = try await run(test, on: engine, seed: seed)
      results[index].ops = OpTimes(
        try await engine.takeRecords().launches, seconds: run.seconds, test, ModelWork(files), run.ledger)
    }
    return results
  }

  private func measure(
    _ files: ModelFiles, _ progress: @escaping @Sendable (Step) -> Void
  ) async throws -> [TokenResult] {
    let engine = try engine(files, profiling: false, progress)
    progress(.ceilings)
    let meters = try Meters(device)
    let work = ModelWork(files)
    var results: [TokenResult] = []
    for test in tests {
      progress(.running(test, repetition: 0))
      if warmsUp { _ = try await run(test.shortened(to: Self.warmUpTokens), on: engine, seed: ~seed) }
      var runs: [TokenRun] = []
      for repetition in 1...repetitions {
        progress(.running(test, repetition: repetition))
        let ceiling = try meters.probe?.take()
        let mark = meters.energy?.mark()
        var run = try await run(test, on: engine, seed: seed &+ UInt64(repetition))
        run.joules = mark.flatMap { meters.energy?.joules(since: $0) }
        run.ceiling = ceiling
        runs.append(run)
      }
      results.append(
        TokenResult(
          test, runs, files, device: device, policy: policy.label, operations: work.operations(test).total))
    }
    return results
  }

  /// What tells a device's limits and its energy; neither on the reference.
  private struct Meters {
    var probe: CeilingProbe?
    var energy: EnergyMeter?

    init(_ device: DeviceSelection) throws {
      guard case .openCL(let device) = device else { return }
      probe = try CeilingProbe(device)
      energy = EnergyMeter(device)
    }
  }

  private func check(_ files: ModelFiles) throws(EngineError) {
    guard repetitions > 0 else { throw EngineError("repetitions is \(repetitions), expected 1 or more") }
    let context = files.description.maxPositions
    for test in tests where test.positions > context {
      throw EngineError("\(test.name): \(test.positions) tokens do not fit into the model's context of \(context)")
    }
  }

  private func engine(
    _ files: ModelFiles, profiling: Bool, _ progress: @escaping @Sendable (Step) -> Void
  ) throws -> Engine {
    let block = Engine.blockSize
    let requests = tests.map(\.requests).max() ?? 1
    // Whole blocks for each request.
    let positions = tests.map { $0.requests * ($0.positions + block - 1) / block * block + $0.requests * block }
    var options = EngineOptions(
      device: device, policy: try policy.policy(layerCount: files.description.layerCount),
      cachePositions: positions.max() ?? block,
      expectedTokens: max(1, tests.map { $0.requests * ($0.depth + $0.firstTokens) }.max() ?? 1))
    options.maxRequests = requests
    // What a test begins behind is the prompt of a request before it.
    options.prefixCaching = tests.contains { $0.depth > 0 }
    options.profiling = profiling
    options.deviceMemory = deviceMemory
    options.activations = activations
    options.experts = experts
    if let chunk = policy.chunkSize { options.maxBatchedTokens = max(chunk, Engine.maxBatchedTokens(files, options)) }
    let engine = try Engine(files, tokenizer: nil, options: options) { progress(.loading(done: $0, total: $1)) }
    progress(.loaded)
    return engine
  }

  /// Runs a test once: what it begins behind, which does not count, and the test itself.
  private func run(_ test: TokenTest, on engine: Engine, seed: UInt64) async throws -> TokenRun {
    try await engine.finishLoading()
    try await engine.restart(policy.policy(layerCount: engine.files.description.layerCount))
    let (before, requests) = requests(test, vocabulary: engine.files.description.vocabularySize, seed)
    for request in before {
      for try await _ in try await engine.submit([request])[0] {}
    }
    if !before.isEmpty {
      try await engine.countAnew()
      _ = try await engine.takeRecords()
    }
    let streams = try await engine.submit(requests)
    var seconds = 0.0
    for stream in streams {
      for try await case .finished(let result) in stream { seconds = max(seconds, result.duration) }
    }
    return TokenRun(seconds: seconds, ledger: try await engine.ledger())
  }

  /// What fills the cache, and what counts. Of the former whole KV blocks are found again.
  private func requests(
    _ test: TokenTest, vocabulary: Int, _ seed: UInt64
  ) -> (before: [GenerationRequest], counted: [GenerationRequest]) {
    var random = SeededRandom(seed)
    func tokens(_ count: Int) -> [Int32] {
      (0..<count).map { _ in Int32.random(in: 0..<Int32(vocabulary), using: &random) }
    }
    let depths = (0..<test.requests).map { _ in tokens(test.depth) }
    let counted = depths.map { depth in
      var request = GenerationRequest(prompt: depth + tokens(test.firstTokens), maxTokens: test.results)
      request.continuation = tokens(test.results)
      return request
    }
    return (test.depth > 0 ? depths.map { GenerationRequest(prompt: $0, maxTokens: 1) } : [], counted)
  }
}

extension TokenTest {
  /// The same with so many decoded tokens at most.
  func shortened(to tokens: Int) -> TokenTest {
    var test = self
    test.generatedTokens = min(generatedTokens, tokens)
    return test
  }
}

/// One repetition of a test.
struct TokenRun: Sendable {
  /// From submission to the last token of all requests.
  var seconds: Double
  var ledger: Ledger
  /// Measured just before.
  var ceiling: CeilingProbe.Reading?
  var joules: Double?
}
