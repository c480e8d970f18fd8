import Backend
import Checkpoints
import Conversion
import Engine
import Models
import Scheduling
import TestSupport
import Testing

/// The bundled model as GGUF files of several formats.
@Suite(.serialized)
struct QuantisedModelTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func files(_ type: ElementFormat, expertsOnly: Bool = false) throws -> ModelFiles {
    let path = "\(folder.path)/model.gguf"
    let choice = FormatChoice(type: type, expertsOnly: expertsOnly)
    try Converter(Checkpoint(path: Fixtures.path("tiny-moe")), choice).write(to: path) { _, _ in }
    return try ModelFiles(path: path)
  }

  private func requests(_ files: ModelFiles, lengths: [Int], tokens: Int = 6) -> [GenerationRequest] {
    lengths.map { length in
      var random = SplitMix64(seed: UInt64(length))
      let last = Int32(files.description.vocabularySize - 1)
      return GenerationRequest(
        prompt: (0..<length).map { _ in Int32.random(in: 0...last, using: &random) }, maxTokens: tokens,
        capture: CaptureOptions(allLogits: true, generated: true))
    }
  }

  /// A file with the folder's own weights gives the folder's logits.
  @Test(arguments: TestTarget.all)
  func aFileOfTheSameWeightsGivesTheSameLogits(target: TestTarget) async throws {
    let original = try ModelFiles(path: Fixtures.path("tiny-moe"))
    let file = try files(.bf16)
    let lengths = requests(file, lengths: [5])
    let expected = try await generate(original, lengths, on: target)
    let found = try await generate(file, lengths, on: target)
    // Routers are f32 in the file: the same numbers, but on matrix units by other kernels.
    for (a, b) in zip(found, expected) {
      #expect(a.tokens == b.tokens)
      #expect(relativeError(try #require(a.capture).logits, try #require(b.capture).logits) <= target.tolerance)
    }
  }

  @Test(arguments: TestTarget.openCL + TestTarget.integer, [ElementFormat.q40, .f16])
  func devicesAgreeWithTheReference(target: TestTarget, type: ElementFormat) async throws {
    let files = try files(type)
    let requests = requests(files, lengths: [5])
    let expected = try await generate(files, requests, on: target.ownReference)
    for (a, b) in zip(try await generate(files, requests, on: target), expected) {
      #expect(relativeError(try #require(a.capture).logits, try #require(b.capture).logits) <= target.tolerance)
    }
  }

  /// Policies, batch mates, and experts that come and go change no bit, and the bytes that move are those of the format.
  @Test(arguments: TestTarget.chosen + TestTarget.integer)
  func theScheduleChangesNoBit(target: TestTarget) async throws {
    let files = try files(.q40, expertsOnly: true)
    let requests = requests(files, lengths: [70, 9, 3], tokens: 3)
    let alone = try await requests.asyncMap { try await generate(files, [$0], on: target)[0] }
    for policy in [Layered(groups: 3), Chunked(chunkSize: 32)] as [any Policy] {
      let together = try await generate(files, requests, on: target, policy: policy)
      for (a, b) in zip(together, alone) { expectSame(a, b, "\(policy)") }
    }
    var options = target.options(cachePositions: requests.cachePositions)
    options.expectedTokens = requests.promptTokens
    let plan = Engine.memoryPlan(files, options)
    // 18 bytes for each 32 weights of three projections of 64 × 192.
    #expect(plan.experts == 8 * 32 * 3 * 64 * 192 / 32 * 18)
    options.deviceMemory = .bytes(plan.total - plan.experts * 3 / 4)
    let engine = try Engine(files, tokenizer: nil, options: options)
    for (stream, expected) in zip(try await engine.submit(requests), alone) {
      expectSame(try await stream.result(), expected, "a quarter of the experts")
    }
  }

  private func expectSame(_ a: GenerationResult, _ b: GenerationResult, _ what: String) {
    #expect(a.tokens == b.tokens, "\(what)")
    #expect(a.capture?.logits.map(\.bitPattern) == b.capture?.logits.map(\.bitPattern), "\(what)")
    #expect(a.capture?.generated == b.capture?.generated, "\(what)")
  }
}

extension Array {
  fileprivate func asyncMap<T>(_ body: (Element) async throws -> T) async throws -> [T] {
    var results: [T] = []
    for element in self { results.append(try await body(element)) }
    return results
  }
}
