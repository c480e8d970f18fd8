import Backend
import Checkpoints
import Engine
import Models
import OpenCL
import OpenCLBackend
import Scheduling
import TestSupport
import Testing

/// Requests that cannot be had, devices that are too small, and clients that go away: each concerns nobody else.
@Suite(.serialized, .timeLimit(.minutes(30)))
struct BadInputTests {
  private let files: ModelFiles
  private let reference: SafetensorsFile
  private let greedy: [String: GreedyReference]

  init() throws {
    files = try ModelFiles(path: Fixtures.path("qwen3_moe"))
    reference = try SafetensorsFile(path: Fixtures.path("qwen3_moe/reference.safetensors"))
    greedy = try #require(try ReferenceFile("qwen3_moe", withPrompts: false).greedy)
  }

  /// One of the fixture's prompts.
  private func request(_ length: Int, maxTokens: Int = 16) throws -> GenerationRequest {
    let ids = try #require(reference.tensors.first { $0.name == "t\(length).input_ids" })
    return GenerationRequest(prompt: ids.int32s(), maxTokens: maxTokens)
  }

  /// Expects Hugging Face's tokens of `request(length)`.
  private func expect(_ result: GenerationResult, _ length: Int) throws {
    try #require(greedy["\(length)"]).expect(result.tokens, "T = \(length)")
  }

  // MARK: Buffers and memory

  /// All matrices stay bf16, in panels of 32 features where the style has them; norms become f32. 100 positions are 7
  /// blocks of 16.
  @Test(.needsOpenCL, arguments: TestTarget.openCL)
  func theMemoryThatIsNeededIsCompared(target: TestTarget) throws {
    var options = target.options(cachePositions: 100)
    let memory = try Engine(files, tokenizer: nil, options: options).memory
    let norms = 4 * (2 * 128 + 2 * 32) + 128
    let attention = 128 * 4 * 32 * 2 + 128 * 2 * 32 * 2
    let router = (target.plan?.style == .cpu ? 32 : 8) * 128
    let rotary = 7 * 16 * 32 * 4
    #expect(memory.dense == 2 * (2 * 512 * 128 + 4 * (attention + router)) + 4 * norms + rotary)
    #expect(memory.experts == 2 * 4 * 8 * 3 * 128 * 64 && memory.leastExperts == 2 * 3 * 128 * 64)
    #expect(memory.cache == 4 * 7 * 16 * 2 * 2 * 32 * 4)
    #expect(memory.activations > 0 && memory.fitsAll)
    #expect(memory.smallest == memory.total - memory.experts + memory.leastExperts)

    options.deviceMemory = .bytes(memory.smallest)
    #expect(throws: Never.self) { _ = try Engine(files, tokenizer: nil, options: options) }
    options.deviceMemory = .bytes(memory.smallest - 1)
    var error = #expect(throws: EngineError.self) { _ = try Engine(files, tokenizer: nil, options: options) }
    var text = try #require(error?.description)
    #expect(text.hasPrefix("device \"\(target.device.name)\" has too little memory: "))
    #expect(text.contains("(\(memory.smallest) bytes)"))
    for part in ["other than experts", "KV cache", "activations", "one expert"] { #expect(text.contains("\(part) ")) }

    guard case .openCL(let device) = target.device else { return }
    let globalMemory = device.globalMemory
    options.deviceMemory = .bytes(globalMemory + 1)
    error = #expect(throws: EngineError.self) { _ = try Engine(files, tokenizer: nil, options: options) }
    text = try #require(error?.description)
    #expect(text.hasPrefix("device-memory is ") && text.contains(target.device.name))
  }

  private func engine(
    _ target: TestTarget, maxAllocation: Int, cachePositions: Int = 64, maxBatchedTokens: Int? = nil
  ) throws -> Engine {
    var options = target.options(cachePositions: cachePositions)
    options.plan?.maxAllocation = maxAllocation
    options.maxBatchedTokens = maxBatchedTokens
    options.expectedTokens = maxBatchedTokens ?? 512
    return try Engine(files, tokenizer: nil, options: options)
  }

  /// Two gate and up projections of 32,768 bytes fit into one buffer, of 8 experts; half of the embedding does.
  @Test(.needsOpenCL, arguments: TestTarget.openCL)
  func weightsAreCutForASmallLargestBuffer(target: TestTarget) async throws {
    let engine = try engine(target, maxAllocation: 65_536)
    try await expect(engine.submit([request(33)])[0].result(), 33)
  }

  @Test(.needsOpenCL, arguments: TestTarget.openCL)
  func whatDoesNotFitIntoABufferIsNamed(target: TestTarget) throws {
    // The gate and up projection of an expert are 2 · 64 · 128 elements.
    let expert = #expect(throws: BackendError.self) { _ = try engine(target, maxAllocation: 16_384) }
    #expect(expert?.description.hasPrefix("layers.0.experts.gate_up: an expert of 32768 bytes does not fit") == true)
    let panel = #expect(throws: BackendError.self) { _ = try engine(target, maxAllocation: 100) }
    #expect(panel?.description.contains(" of the device") == true)
    let cache = #expect(throws: BackendError.self) {
      _ = try engine(target, maxAllocation: 1 << 20, cachePositions: 8192)
    }
    // 8,192 positions of 2 heads of 32 in f32.
    #expect(cache?.description.hasPrefix("KV cache of layer 0 (keys): 2097152 bytes are more than the 1048576") == true)
    let rotary = #expect(throws: BackendError.self) {
      _ = try engine(target, maxAllocation: 500_000, cachePositions: 4096)
    }
    #expect(rotary?.description.hasPrefix("rotary: 524288 bytes are more than the 500000") == true)
  }

  /// 1,500 rows of hidden states are too large for a buffer, so the prompt goes in parts unless told otherwise.
  @Test(.needsOpenCL, arguments: TestTarget.chosen)
  func aPromptIsCutToWhatABufferHolds(target: TestTarget) async throws {
    let large = GenerationRequest(prompt: (0..<1500).map { Int32($0 % 500) }, maxTokens: 4)
    let expected = try await generate(files, [large], on: target)[0]
    let engine = try engine(target, maxAllocation: 1 << 19, cachePositions: 1536)
    #expect(try await engine.submit([large])[0].result().tokens == expected.tokens)
  }

  /// Told otherwise, the request fails, and the engine goes on.
  @Test(.needsOpenCL, arguments: TestTarget.unrounded)
  func aRequestThatTheDeviceCannotHoldFailsAlone(target: TestTarget) async throws {
    let engine = try engine(target, maxAllocation: 1 << 19, cachePositions: 1536, maxBatchedTokens: 8192)
    try await expect(engine.submit([request(7)])[0].result(), 7)
    let large = GenerationRequest(prompt: Array(repeating: 5, count: 1500), maxTokens: 4)
    let failure = await failure(try await engine.submit([large])[0])
    #expect(failure?.hasPrefix("hidden states: ") == true, "\(failure ?? "no failure")")
    try await expect(engine.submit([request(33)])[0].result(), 33)
  }

  // MARK: Requests

  @Test func requestsThatCanNeverRunAreRefused() async throws {
    let engine = try Engine(files, tokenizer: nil, options: TestTarget.any.options(cachePositions: 64))
    func refusal(_ prompt: [Int32], maxTokens: Int = 1, _ sampling: SamplingOptions = .greedy) async -> String {
      do {
        _ = try await engine.submit([GenerationRequest(prompt: prompt, maxTokens: maxTokens, sampling: sampling)])
        return "accepted"
      } catch { return "\(error)" }
    }
    #expect(await refusal([]) == "prompt 1: there is no token, expected at least one")
    #expect(await refusal([3, 512]) == "prompt 1: token 2 is 512, expected 0 to 511, the vocabulary")
    #expect(await refusal([-1, 3]) == "prompt 1: token 1 is -1, expected 0 to 511, the vocabulary")
    #expect(await refusal([.max]) == "prompt 1: token 1 is 2147483647, expected 0 to 511, the vocabulary")
    let long = [Int32](repeating: 1, count: 4097)
    #expect(await refusal(long) == "prompt 1: 4097 tokens, but the context holds 4096")
    #expect(await refusal(Array(long.dropLast()), maxTokens: 2).contains("the context holds 4096"))
    #expect(await refusal([1], maxTokens: 0) == "max tokens is 0, expected at least 1")
    #expect(await refusal([1], maxTokens: 65) == "65 positions need 5 KV blocks of 16, but the cache has 4")
    #expect(await refusal([1], SamplingOptions(topP: 0)).contains("top-p is 0.0"))
    #expect(await refusal([511], maxTokens: 64) == "accepted")
  }

  @Test(arguments: TestTarget.all)
  func aBadRequestLeavesTheOthersUnharmed(target: TestTarget) async throws {
    let good = try [request(33), request(7)]
    let engine = try Engine(files, tokenizer: nil, options: target.options(cachePositions: good.cachePositions))
    var events = try await engine.submit([good[0]])[0].makeAsyncIterator()
    _ = try await events.next()
    let error = await #expect(throws: EngineError.self) {
      _ = try await engine.submit([good[1], GenerationRequest(prompt: [1, 9999], maxTokens: 1), good[1]])
    }
    #expect(error?.description == "prompt 2: token 2 is 9999, expected 0 to 511, the vocabulary")
    // None of those was queued: nobody would take their blocks' place, and the model would read experts for them.
    var result: GenerationResult?
    while let event = try await events.next() {
      if case .finished(let end) = event { result = end }
    }
    try expect(#require(result), 33)
    let traffic = try await engine.ledger().total.memory
    let alone = try Engine(files, tokenizer: nil, options: target.options(cachePositions: good.cachePositions))
    _ = try await alone.submit([good[0]])[0].result()
    #expect(traffic == (try await alone.ledger().total.memory))
    for (length, stream) in zip([33, 7], try await engine.submit(good)) { try await expect(stream.result(), length) }
  }

  // MARK: Clients that go away

  /// The cache has room for the first request alone, so the second one begins when the first is gone; that would go on
  /// for 3,000 tokens.
  @Test(arguments: TestTarget.all)
  func aDroppedStreamGivesItsBlocksToTheNext(target: TestTarget) async throws {
    let long = try request(33, maxTokens: 3000)
    let engine = try Engine(files, tokenizer: nil, options: target.options(cachePositions: [long].cachePositions))
    let next: AsyncThrowingStream<GenerationEvent, any Error>
    do {
      let streams = try await engine.submit([long, request(7)])
      var events = streams[0].makeAsyncIterator()
      _ = try await events.next()
      next = streams[1]
    }
    try await expect(next.result(), 7)
    // A decoding token reads 2 experts in each of 4 layers.
    let decoded = Int(try await engine.ledger().total.memory[.expert]?.decode ?? 0) / (4 * 2 * 3 * 128 * 64 * 2)
    #expect(decoded >= 15 && decoded < 1500, "the dropped request went on: \(decoded) tokens")
    try await expect(engine.submit([request(33)])[0].result(), 33)
  }

  /// In the tile with another prompt, in the queue, or before anything was done.
  @Test(arguments: TestTarget.all, 0..<3)
  func aStreamMayBeDroppedAtOnce(target: TestTarget, dropped: Int) async throws {
    let lengths = [33, 7, 130]
    let requests = try lengths.map { try request($0) }
    // Where the third one goes, it has waited: it alone would fill the cache.
    let places = dropped == 2 ? [requests[2]] : requests
    let engine = try Engine(
      files, tokenizer: nil,
      options: target.options(cachePositions: places.cachePositions, policy: Layered(groups: 4)))
    var streams = try await engine.submit(requests)
    streams.remove(at: dropped)
    let others = lengths.enumerated().filter { $0.offset != dropped }.map(\.element)
    for (length, stream) in zip(others, streams) { try await expect(stream.result(), length) }
    for length in lengths { try await expect(engine.submit([request(length)])[0].result(), length) }
  }

  /// With every client gone the engine is idle, and the whole cache is free again.
  @Test func anEngineWithoutClientsServesTheNextOne() async throws {
    let long = try request(33, maxTokens: 500)
    let engine = try Engine(
      files, tokenizer: nil, options: TestTarget.any.options(cachePositions: [long, long].cachePositions))
    for _ in 0..<5 {
      var events = try await engine.submit([long, long])[0].makeAsyncIterator()
      _ = try await events.next()
    }
    try await expect(engine.submit([request(130)])[0].result(), 130)
    let results = try await engine.submit([request(33), request(7)])
    for (length, stream) in zip([33, 7], results) { try await expect(stream.result(), length) }
  }
}
