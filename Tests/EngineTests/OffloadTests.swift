import Backend
import Engine
import Foundation
import Models
import OpenCLBackend
import Scheduling
import TestSupport
import Testing

/// Models whose experts do not all fit on the device.
@Suite(.needsOpenCL, .serialized)
struct OffloadTests {
  private let files: ModelFiles

  init() throws { files = try ModelFiles(path: Fixtures.path("tiny-moe")) }

  private func prompt(_ length: Int, seed: UInt64 = 5) -> [Int32] {
    var random = SplitMix64(seed: seed)
    let last = Int32(files.description.vocabularySize - 1)
    return (0..<length).map { _ in Int32.random(in: 0...last, using: &random) }
  }

  /// Options under which the device has room for this share of the experts.
  private func options(
    _ target: TestTarget, policy: any Policy = Layered(), share: Double, positions: Int = 1024, tokens: Int = 512,
    of model: ModelFiles? = nil
  ) -> EngineOptions {
    var options = target.options(cachePositions: positions, policy: policy)
    options.expectedTokens = tokens
    options.maxRequests = 8
    let plan = Engine.memoryPlan(model ?? files, options)
    options.deviceMemory = .bytes(plan.total - plan.experts + Int(share * Double(plan.experts)))
    return options
  }

  private func run(
    _ options: EngineOptions, _ requests: [GenerationRequest], of model: ModelFiles? = nil
  ) async throws -> (results: [GenerationResult], ledger: Ledger) {
    let engine = try Engine(model ?? files, tokenizer: nil, options: options)
    var results: [GenerationResult] = []
    for stream in try await engine.submit(requests) { results.append(try await stream.result()) }
    if case .bytes(let budget) = options.deviceMemory, let peak = await engine.peakDeviceBytes {
      #expect(peak <= budget)
    }
    return (results, try await engine.ledger())
  }

  /// An eighth of the experts, prompts that bring whole layers, and others that decode.
  @Test(arguments: TestTarget.openCL)
  func anEighthOfTheExpertsGivesTheSameBits(target: TestTarget) async throws {
    let requests = [300, 40, 5].enumerated().map { index, length in
      GenerationRequest(
        prompt: prompt(length, seed: UInt64(index)), maxTokens: 12,
        sampling: SamplingOptions(temperature: 0.9, seed: 3), capture: CaptureOptions(generated: true))
    }
    let whole = try await run(options(target, share: 1), requests)
    #expect(whole.ledger.slots == 256 && whole.ledger.experts == 256)
    for policy in [Layered(), Layered(groups: 3), Chunked(chunkSize: 64)] as [any Policy] {
      let part = try await run(options(target, policy: policy, share: 0.125), requests)
      #expect((24...32).contains(part.ledger.slots) && part.ledger.experts == 256)
      for (found, expected) in zip(part.results, whole.results) {
        #expect(found.tokens == expected.tokens)
        let bits = found.capture?.generated.map { $0.map(\.bitPattern) }
        #expect(bits == expected.capture?.generated.map { $0.map(\.bitPattern) })
      }
    }
  }

  /// A quarter of the experts: biases, shared experts and stacked tensors are found wherever an expert lies, and nothing takes
  /// more than was planned.
  @Test(arguments: TestTarget.openCL, FamilyFixture.names)
  func aQuarterOfAFamilysExpertsGivesTheSameBits(target: TestTarget, name: String) async throws {
    let files = try FamilyFixture(name).files
    let requests = [100, 5].map { length in
      GenerationRequest(
        prompt: prompt(length).map { $0 % 512 }, maxTokens: 6, capture: CaptureOptions(generated: true))
    }
    let whole = try await run(options(target, share: 1, of: files), requests, of: files)
    let part = try await run(
      options(target, policy: Layered(groups: 2), share: 0.25, of: files), requests, of: files)
    #expect(part.ledger.slots < part.ledger.experts && part.ledger.experts == whole.ledger.experts)
    for (found, expected) in zip(part.results, whole.results) {
      let bits = found.capture?.generated.map { $0.map(\.bitPattern) }
      #expect(bits == expected.capture?.generated.map { $0.map(\.bitPattern) })
    }
  }

  /// More prompt tokens at once than memory is planned for, batches that grow, and requests that decode beside them: what
  /// does not fit waits or is cut, and nothing goes beyond the budget.
  @Test func manyPromptsAtOnceStayWithinTheBudget() async throws {
    let requests = [70, 130, 200, 256, 9, 190, 256].enumerated().map { index, length in
      GenerationRequest(prompt: prompt(length, seed: UInt64(index)), maxTokens: 3)
    }
    let whole = try await run(options(.any, share: 1, positions: 2048, tokens: 2048), requests)
    let policies: [any Policy] = [Layered(), Layered(groups: 3), Chunked(chunkSize: 1000), Adaptive(tbtTarget: 0.005)]
    for policy in policies {
      for tokens in [70, 256, 300] {
        let part = try await run(
          options(.any, policy: policy, share: 0.125, positions: 2048, tokens: tokens), requests)
        #expect(part.results.map(\.tokens) == whole.results.map(\.tokens), "\(policy.name), \(tokens)")
      }
    }
    // Prompts that are not cut: as long as the longest.
    let part = try await run(options(.any, policy: Continuous(), share: 0.125, positions: 2048, tokens: 256), requests)
    #expect(part.results.map(\.tokens) == whole.results.map(\.tokens))
  }

  /// 512 prompt tokens of top-4 of 32: 64 rows an expert bring whole layers, each expert once. Chunks of 32 bring what
  /// their routers choose, each chunk anew but for what stayed.
  @Test(arguments: TestTarget.openCL)
  func layeredBringsEachExpertOnce(target: TestTarget) async throws {
    let request = GenerationRequest(prompt: prompt(512), maxTokens: 1)
    let layered = try await run(options(target, policy: Layered(groups: 4), share: 0.125), [request]).ledger
    let expert = 2 * files.description.expertElements
    // But for those of the token with which the engine warmed up.
    #expect(layered.total.expertTransfers.decode == 0)
    #expect((256 - 32...256).contains(layered.total.expertTransfers.prefill))
    #expect(layered.total.hostToDevice.prefill == layered.total.expertTransfers.prefill * Double(expert))
    // Each expert that came has come once, and each that had rows was read once: what warming up did is not counted.
    #expect(layered.reloadFactor == 1)
    #expect(layered.distinctTransfers.reduce(0, +) == Int(layered.total.expertTransfers.prefill))
    #expect(layered.readFactor == 1)

    let chunked = try await run(options(target, policy: Chunked(chunkSize: 32), share: 0.125), [request]).ledger
    #expect(chunked.total.expertTransfers.prefill > 8 * layered.total.expertTransfers.prefill)
  }

  /// Half of the slots: popular experts stay, so that fewer come than if any of them stayed.
  @Test func popularExpertsStay() async throws {
    let tokenizer = try files.tokenizer()
    let text = "And it came to pass in those days, that"
    func moved(_ retention: ExpertRetention) async throws -> Double {
      var options = options(.any, share: 0.5)
      options.experts.retention = retention
      let request = GenerationRequest(
        prompt: files.encode(text, with: tokenizer), maxTokens: 300,
        sampling: SamplingOptions(temperature: 0.7, seed: 2))
      return try await run(options, [request]).ledger.total.hostToDevice.decode
    }
    let random = try await moved(.random)
    #expect(try await moved(.auto) <= 0.8 * random)
    #expect(try await moved(.auto) > 0)
  }

  /// The experts of layers that stay in host memory come anew for every token; with all of them nothing is kept.
  @Test func hostLayersKeepNothing() async throws {
    let request = GenerationRequest(prompt: prompt(9), maxTokens: 20)
    var options = options(.any, share: 1)
    options.experts.hostLayers = 3
    let found = try await run(options, [request])
    let decode = found.ledger.layers.map(\.expertTransfers.decode)
    #expect(decode[..<3].allSatisfy { $0 > 0 })
    // Five layers, and two of the three others that pass.
    #expect(found.ledger.slots == 7 * 32)
    let plan = Engine.memoryPlan(files, options)
    #expect(plan.expertsOnDevice == 7 * plan.experts / 8)
    options.experts.hostLayers = 0
    #expect(try await run(options, [request]).results[0].tokens == found.results[0].tokens)
  }

  /// What a file holds must stay as it was when it was opened; the error names it, and the engine goes on.
  @Test func aShortenedFileIsNoticed() async throws {
    let folder = try TemporaryFolder()
    for name in ["config.json", "model.safetensors"] {
      try FileManager.default.copyItem(atPath: Fixtures.path("tiny-moe/\(name)"), toPath: "\(folder.path)/\(name)")
    }
    let path = "\(folder.path)/model.safetensors"
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    var options = options(.any, share: 0.1)
    options.experts.hostBytes = 1
    let engine = try Engine(ModelFiles(path: folder.path), tokenizer: nil, options: options)
    let file = try #require(FileHandle(forWritingAtPath: path))
    let size = try file.seekToEnd()
    try file.truncate(atOffset: size - 1)
    try file.close()
    let text = await failure(try await engine.submit([GenerationRequest(prompt: prompt(64), maxTokens: 2)])[0])
    let message = try #require(text)
    #expect(message.contains("\(path): it has \(size - 1) bytes now, expected \(size)"))
  }
}
