import Backend
import Engine
import Models
import OpenCL
import OpenCLBackend
import Scheduling
import TestSupport
import Testing

/// A device whose memory ends in the middle of something.
@Suite(.needsOpenCL)
struct AllocationFailureTests {
  private let files: ModelFiles

  init() throws { files = try ModelFiles(path: Fixtures.path("tiny-moe")) }

  /// A backend's context after a load that was given `limit` bytes, and what went wrong.
  private func load(limit: Int?) throws -> (allocations: AllocationLedger, peak: Int, failure: OpenCLError?) {
    guard case .openCL(let device) = TestTarget.any.device else { throw ModelError("needs a device") }
    let backend = try OpenCLBackend(device)
    backend.allocations.limit = limit
    var failure: OpenCLError?
    do {
      let model = try Families.load(files.checkpoint, on: backend, positions: 64)
      let shape = model.description.kvCache(blockCount: 4, blockSize: OpenCLBackend.blockSize)
      let caches = try (0..<model.description.layerCount).map {
        try backend.makeKVCache(shape, label: "KV cache of layer \($0)")
      }
      try backend.settleExperts()
      try backend.finishLoading()
      #expect(caches.count == 8)
    } catch let error as OpenCLError {
      failure = error
    }
    let allocations = backend.allocations
    return (allocations, allocations.peakBytes, failure)
  }

  /// Wherever in a load the memory ends, the error says how much was wanted and for what, and nothing stays behind.
  @Test func whatWasAllocatedIsFreed() async throws {
    let whole = try load(limit: nil)
    #expect(whole.failure == nil)
    try await expectNothingAlive(whole.allocations)
    for share in 0..<20 {
      let limit = whole.peak * share / 20
      let part = try load(limit: limit)
      let failure = try #require(part.failure, "\(limit) bytes of \(whole.peak)")
      #expect(failure.isOutOfMemory)
      #expect(failure.context.contains("and \(limit) may be"))
      #expect(failure.context.contains(/buffer “.+” of [0-9]+ bytes/), "\(failure)")
      #expect(part.peak <= limit)
      try await expectNothingAlive(part.allocations)
    }
  }

  /// The thread that brings experts ends a moment after its backend.
  private func expectNothingAlive(_ allocations: AllocationLedger) async throws {
    for _ in 0..<500 where allocations.liveHandles > 0 { try await Task.sleep(for: .milliseconds(10)) }
    #expect(allocations.liveHandles == 0)
    #expect(allocations.liveBytes == 0)
  }

  /// A prompt that is not cut, and whose activations do not fit, fails alone; the budget is kept, and the engine goes on.
  @Test func aPromptThatDoesNotFitFailsAlone() async throws {
    var options = TestTarget.any.options(cachePositions: 2048, policy: Continuous())
    options.expectedTokens = 32
    options.maxRequests = 4
    let budget = Engine.memoryPlan(files, options).total
    options.deviceMemory = .bytes(budget)
    let engine = try Engine(files, tokenizer: nil, options: options)
    let short = GenerationRequest(prompt: [1, 2, 3], maxTokens: 4)
    let before = try await engine.submit([short])[0].result()
    let long = GenerationRequest(prompt: Array(repeating: 7, count: 1500), maxTokens: 4)
    let text = try #require(await failure(try await engine.submit([long])[0]))
    #expect(text.contains("\(budget) may be"))
    #expect(text.contains("workspace") || text.contains("hidden states"))
    #expect(try await engine.submit([short])[0].result().tokens == before.tokens)
    #expect(try #require(await engine.peakDeviceBytes) <= budget)
  }
}
