import Backend
import Engine
import Models
import OpenCL
import OpenCLBackend
import Scheduling
import Synchronization
import TestSupport
import Testing

/// A decoding request's launches are stages of a few: the bits of launches one by one.
@Suite(.serialized, .needsOpenCL)
struct JoinedLaunchesTests {
  private static let devices = TestTarget.devices.filter { DevicePlan($0).joinsLaunches }

  private func options(
    _ device: Device, _ activations: ActivationPrecision, joins: Bool, parameterBytes: Int? = nil,
    stageHeads: Int? = nil
  ) -> EngineOptions {
    var plan = DevicePlan(device)
    plan.activations = activations
    plan.joinsLaunches = joins
    if let parameterBytes { plan.parameterBytes = parameterBytes }
    if let stageHeads { plan.stageHeads = stageHeads }
    return EngineOptions(device: .openCL(device), policy: Layered(), cachePositions: 512, plan: plan)
  }

  private func request(_ files: ModelFiles, length: Int, tokens: Int) -> GenerationRequest {
    var random = SplitMix64(seed: UInt64(length))
    let last = Int32(files.description.vocabularySize - 1)
    return GenerationRequest(
      prompt: (0..<length).map { _ in Int32.random(in: 0...last, using: &random) }, maxTokens: tokens,
      sampling: SamplingOptions(temperature: 0.8, seed: 5), capture: CaptureOptions(generated: true))
  }

  /// What a request generates that decodes alone for a while, then beside others that come and go.
  private func generate(_ files: ModelFiles, _ options: EngineOptions) async throws -> GenerationResult {
    let engine = try Engine(files, tokenizer: nil, options: options)
    let stream = try await engine.submit([request(files, length: 19, tokens: 40)])[0]
    var result: GenerationResult?
    var tokens = 0
    for try await event in stream {
      switch event {
      case .token:
        tokens += 1
        // One mate beside it, and later six.
        let mates = [7: 1, 21: 1, 30: 6][tokens] ?? 0
        let requests = (0..<mates).map { request(files, length: tokens + $0, tokens: 8) }
        for mate in try await engine.submit(requests) { _ = try await mate.result() }
      case .finished(let end): result = end
      case .prompt: break
      }
    }
    return try #require(result, "the stream ends without a result")
  }

  private func expectSameBits(_ name: String, _ activations: ActivationPrecision, stageHeads: Int? = nil) async throws {
    let files = try FamilyFixture(name).files
    for device in Self.devices {
      let expected = try await generate(files, options(device, activations, joins: false))
      let bits = try #require(expected.capture).generated.map { $0.map(\.bitPattern) }
      #expect(bits.count == 40)
      // With few arguments a layer's stages are cut into several launches, each a program of its own.
      for parameterBytes in name == "gpt_oss" ? [nil, 320] : [nil] {
        let found = try await generate(
          files, options(device, activations, joins: true, parameterBytes: parameterBytes, stageHeads: stageHeads))
        #expect(found.tokens == expected.tokens, "\(name), \(device.name)")
        #expect(found.capture?.generated.map { $0.map(\.bitPattern) } == bits, "\(name), \(device.name)")
      }
    }
  }

  @Test(arguments: FamilyFixture.names + ["gpt_oss_odd", "deepseek_v3_odd"])
  func stagesGiveTheBitsOfLaunches(name: String) async throws { try await expectSameBits(name, .float32) }

  private static let rounded: [(name: String, activations: ActivationPrecision)] = [
    ("gpt_oss_mxfp4", .int8), ("gpt_oss_mxfp4", [.int8, .bf16]), ("qwen3_moe", .bf16), ("gpt_oss_odd", .bf16),
  ]

  @Test(arguments: rounded)
  func stagesGiveTheBitsOfLaunchesOnRoundedActivations(name: String, activations: ActivationPrecision) async throws {
    try await expectSameBits(name, activations)
  }

  /// With few key heads, which other stages would prepare; OLMoE's norms are over all heads.
  @Test(arguments: ["olmoe"])
  func stagesThatPrepareHeadsGiveTheBitsOfLaunches(name: String) async throws {
    try await expectSameBits(name, .float32, stageHeads: 0)
  }

  /// Whoever decodes beside others waits for no program.
  @Test func whatDecodesTogetherIsBuiltBefore() async throws {
    let files = try ModelFiles(path: Fixtures.path("tiny-moe"))
    let built = Mutex(0)
    for device in Self.devices {
      var options = options(device, .float32, joins: true)
      options.warmedBatches = OpenCLBackend.decodingBatches
      let engine = try Engine(
        files, tokenizer: nil, options: options,
        building: { source in if source.contains("stages") { built.withLock { $0 += 1 } } })
      let before = built.withLock(\.self)
      #expect(before > 0)
      for count in [1, 2, 3, 4, 5, 9, 16] {
        let requests = (0..<count).map { request(files, length: 7 + $0, tokens: 4) }
        for stream in try await engine.submit(requests) { _ = try await stream.result() }
        #expect(built.withLock(\.self) == before, "\(count) requests, \(device.name)")
      }
    }
  }

  #if FAULTS
    /// Calls of a request that decodes for so many tokens.
    private func calls(
      _ files: ModelFiles, _ options: EngineOptions, tokens: Int
    ) async throws -> (launches: Int, waits: Int) {
      let faults = Faults(.none)
      return try await Faults.$current.withValue(faults) {
        let engine = try Engine(files, tokenizer: nil, options: options)
        _ = try await engine.submit([request(files, length: 5, tokens: tokens)])[0].result()
        // An engine that ends waits once more, sooner or later.
        return withExtendedLifetime(engine) {
          func count(_ calls: String...) -> Int {
            faults.uses.filter { calls.contains($0.key.call) }.reduce(0) { $0 + $1.value }
          }
          let waits = count(
            "clEnqueueReadBuffer", "clEnqueueWriteBuffer", "clEnqueueMapBuffer", "clWaitForEvents", "clFinish")
          return (count("clEnqueueNDRangeKernel"), waits)
        }
      }
    }

    /// Twenty tokens more are so many launches more, and a wait for each token.
    @Test func aTokenTakesFewLaunchesAndOneWait() async throws {
      let files = try ModelFiles(path: Fixtures.path("tiny-moe"))
      let device = try #require(Self.devices.first)
      func calls(tokens: Int, joins: Bool) async throws -> (launches: Int, waits: Int) {
        try await self.calls(files, options(device, .float32, joins: joins), tokens: tokens)
      }
      let (few, many) = (try await calls(tokens: 10, joins: true), try await calls(tokens: 30, joins: true))
      #expect(many.launches - few.launches <= 20 * 4)
      #expect(many.waits - few.waits <= 20)
      let apart = try await calls(tokens: 30, joins: false).launches - calls(tokens: 10, joins: false).launches
      #expect(apart >= 20 * 8 * files.description.layerCount)
    }

    /// In the styles for GPUs the norm behind a layer's experts adds their rows up, and norms over all heads go with what else is
    /// done to heads: ten launches a layer, and those in front of the first and behind the last.
    @Test(arguments: ["qwen3_moe", "olmoe"]) func aTokenTakesTenLaunchesALayerOnAGPU(family: String) async throws {
      let files = try FamilyFixture(family).files
      var plan = DevicePlan(try #require(TestTarget.devices.first), style: .gpu)
      plan.activations = .float32
      let options = EngineOptions(
        device: .openCL(try #require(TestTarget.devices.first)), policy: Layered(), cachePositions: 512, plan: plan)
      let (few, many) = (
        try await calls(files, options, tokens: 10), try await calls(files, options, tokens: 30)
      )
      #expect(many.launches - few.launches <= 20 * (10 * files.description.layerCount + 3))
      #expect(many.waits - few.waits <= 20)
    }
  #endif
}
