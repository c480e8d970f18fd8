import Backend
import Engine
import Models
import OpenCLBackend
import Scheduling
import TestSupport
import Testing

/// Whatever tiles a prompt passes in, with whomever, from whatever blocks, after whatever preemptions, with as few experts on
/// the device as you like: the bits are those of one pass alone.
@Suite(.serialized)
struct AnyTilingTests {
  /// A request with what it gives alone, in one tile, with nothing shared.
  private struct Sample {
    let request: GenerationRequest
    let expected: GenerationResult
  }

  /// Cases for each target, of a third for each checkpoint.
  private static let cases = 240

  @Test(arguments: TestTarget.all)
  func anyTilingGivesTheSameBits(target: TestTarget) async throws {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    var statistics = SchedulerStatistics()
    var evicted = 0
    for name in ["mixed", "alternating", "qwen3_moe"] {
      let files = try ModelFiles(path: Fixtures.path(name))
      let samples = try await samples(files, target, &random)
      for index in 0..<Self.cases / 3 {
        let found = try await play(
          files, target, samples, &random, context: "\(target.testDescription), \(name), case \(index), seed \(seed)")
        statistics.preemptions += found.statistics.preemptions
        statistics.sharedTokens += found.statistics.sharedTokens
        evicted += found.evicted
      }
    }
    #expect(target.plan == nil || evicted > 1000, "the cases are too easy; seed \(seed)")
    #expect(statistics.preemptions > 8, "the cases are too easy; seed \(seed)")
    #expect(statistics.sharedTokens > 200, "the cases are too easy; seed \(seed)")
  }

  /// Requests whose prompts are parts of two texts.
  private func samples(
    _ files: ModelFiles, _ target: TestTarget, _ random: inout SplitMix64
  ) async throws -> [Sample] {
    let last = Int32(files.description.vocabularySize - 1)
    let texts = (0..<2).map { _ in (0..<60).map { _ in Int32.random(in: 0...last, using: &random) } }
    var samples: [Sample] = []
    for index in 0..<9 {
      let length = [1, 15, 16, 17, 31, 33, 40, 48, 52][index]
      let request = GenerationRequest(
        prompt: Array(texts[index % 2].prefix(length)), maxTokens: Int.random(in: 1...12, using: &random),
        sampling: SamplingOptions(temperature: index % 3 == 0 ? 0 : 1, seed: random.next()),
        capture: CaptureOptions(generated: true))
      var options = target.options(cachePositions: request.positions, policy: Continuous())
      options.prefixCaching = false
      let engine = try Engine(files, tokenizer: nil, options: options)
      samples.append(Sample(request: request, expected: try await engine.submit([request])[0].result()))
    }
    return samples
  }

  /// Some requests, at once and later, in a cache that holds one or a few of them; some are given up half-way.
  private func play(
    _ files: ModelFiles, _ target: TestTarget, _ samples: [Sample], _ random: inout SplitMix64, context: String
  ) async throws -> (statistics: SchedulerStatistics, evicted: Int) {
    let chosen = (0..<Int.random(in: 2...5, using: &random)).map { _ in
      samples[Int.random(in: 0..<samples.count, using: &random)]
    }
    let largest = chosen.map { [$0.request].cachePositions }.max() ?? 16
    var options = target.options(
      cachePositions: largest + 16 * Int.random(in: 0...4, using: &random), policy: RandomTiling(seed: random.next()))
    options.maxRequests = Int.random(in: 1...5, using: &random)
    if Bool.random(using: &random) { shrink(&options, files, &random) }
    let engine = try Engine(files, tokenizer: nil, options: options)

    let later = Int.random(in: 1...chosen.count, using: &random)
    var streams = try await engine.submit(chosen[..<later].map(\.request))
    for sample in chosen[later...] { streams += try await engine.submit([sample.request]) }
    var given: Set<Int> = []
    if Bool.random(using: &random) { given.insert(Int.random(in: 0..<chosen.count, using: &random)) }
    for index in given {
      var iterator = Optional(streams[index].makeAsyncIterator())
      if Bool.random(using: &random) { _ = try await iterator?.next() }
      iterator = nil
      streams[index] = AsyncThrowingStream { $0.finish() }
    }
    for (index, stream) in streams.enumerated() where !given.contains(index) {
      let found = try await stream.result()
      let expected = chosen[index].expected
      #expect(found.tokens == expected.tokens, "\(context), request \(index)")
      let bits = (found.capture?.generated ?? []).map { $0.map(\.bitPattern) }
      #expect(bits.count == expected.tokens.count, "\(context), request \(index)")
      #expect(bits == expected.capture?.generated.map { $0.map(\.bitPattern) }, "\(context), request \(index)")
    }
    if case .bytes(let budget) = options.deviceMemory, let peak = await engine.peakDeviceBytes {
      #expect(peak <= budget, "\(context): \(options.experts)")
    }
    let ledger = try await engine.ledger()
    let loads = Int(ledger.total.expertTransfers.total)
    return (await engine.schedulerStatistics, max(0, loads - ledger.slots))
  }

  /// A budget with room for one expert up to all of them, and any way to use it.
  private func shrink(_ options: inout EngineOptions, _ files: ModelFiles, _ random: inout SplitMix64) {
    guard options.plan != nil else { return }
    let plan = Engine.memoryPlan(files, options)
    options.deviceMemory = .bytes(Int.random(in: plan.smallest...plan.total, using: &random))
    options.experts.retention = ExpertRetention.allCases.randomElement(using: &random) ?? .auto
    options.experts.prefetches = Bool.random(using: &random)
    options.experts.hostLayers = Int.random(in: 0...files.description.layerCount, using: &random)
    options.experts.hostBytes = Int.random(in: 0...plan.experts, using: &random)
    // Through a staging buffer, as where host and device share no memory.
    if Bool.random(using: &random) { options.plan?.mapsWeights = false }
  }
}
