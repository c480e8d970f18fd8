import Checkpoints
import Engine
import Models
import Scheduling
import TestSupport
import Testing

/// The schedule never changes a bit of the answer: layer groups, chunks, policies, batch mates.
@Suite(.serialized)
struct ScheduleInvarianceTests {
  private let fixture: ModelFiles

  init() throws { fixture = try ModelFiles(path: Fixtures.path("qwen3_moe")) }

  /// The request whose bits are compared: with inner states, and sampled tokens.
  private func probe(_ files: ModelFiles, length: Int) -> GenerationRequest {
    var random = SplitMix64(seed: 11)
    let last = Int32(files.description.vocabularySize - 1)
    return GenerationRequest(
      prompt: (0..<length).map { _ in Int32.random(in: 0...last, using: &random) }, maxTokens: 12,
      sampling: SamplingOptions(temperature: 0.8, topK: 50, topP: 0.95, seed: 7),
      capture: CaptureOptions(allLogits: true, hidden: true))
  }

  private func company(_ files: ModelFiles, _ lengths: [Int], maxTokens: Int) -> [GenerationRequest] {
    var random = SplitMix64(seed: 12)
    let last = Int32(files.description.vocabularySize - 1)
    return lengths.map { length in
      GenerationRequest(
        prompt: (0..<length).map { _ in Int32.random(in: 0...last, using: &random) }, maxTokens: maxTokens,
        sampling: SamplingOptions(temperature: 1, seed: UInt64(length)))
    }
  }

  /// Lengths that are odd, below and above the tiles of all kernels.
  private func length(_ target: TestTarget) -> Int { target.plan == nil ? 21 : 77 }

  @Test(arguments: TestTarget.all, FamilyFixture.names)
  func layerGroupsAndPoliciesGiveTheSameBits(target: TestTarget, name: String) async throws {
    let fixture = try FamilyFixture(name).files
    let probe = probe(fixture, length: length(target))
    let layers = fixture.description.layerCount
    let expected = try await generate(fixture, [probe], on: target, policy: Layered(groups: 1))[0]
    #expect(expected.capture?.hidden.count == layers + 1)
    let policies: [any Policy] = [
      Layered(groups: 2), Layered(groups: 3), Layered(groups: layers), Layered(), Continuous(),
    ]
    for policy in policies {
      let found = try await generate(fixture, [probe], on: target, policy: policy)[0]
      expectSameBits(found, expected, "\(policy)")
    }
  }

  @Test(arguments: TestTarget.all, [1, 16, 50])
  func chunksGiveTheSameBits(target: TestTarget, chunk: Int) async throws {
    let probe = probe(fixture, length: length(target))
    let expected = try await generate(fixture, [probe], on: target)[0]
    let found = try await generate(
      fixture, [probe], on: target, policy: Layered(groups: 2), maxBatchedTokens: chunk)[0]
    expectSameBits(found, expected, "chunks of \(chunk)")
  }

  /// Mates before and behind, in the same tile.
  @Test(arguments: TestTarget.all, [1, 3])
  func batchMatesDoNotChangeABit(target: TestTarget, groups: Int) async throws {
    let probe = probe(fixture, length: length(target))
    let expected = try await generate(fixture, [probe], on: target)[0]
    let mates = company(fixture, [3, 40, 1, 19], maxTokens: 5)
    let requests = Array(mates[..<2]) + [probe] + Array(mates[2...])
    let results = try await generate(fixture, requests, on: target, policy: Layered(groups: groups))
    expectSameBits(results[2], expected, "among \(mates.count) mates in \(groups) groups")
  }

  /// The first mate fills the first tile, so that it decodes while the probe passes in chunks and layer groups.
  @Test(arguments: TestTarget.all + TestTarget.actedOut, FamilyFixture.names)
  func decodingMatesDoNotChangeABit(target: TestTarget, name: String) async throws {
    // What is acted out takes long: the family with the most of attention, and the one whose attention falls back.
    guard !target.isActedOut || ["gpt_oss", "deepseek_v2"].contains(name) else { return }
    let fixture = try FamilyFixture(name).files
    let probe = probe(fixture, length: length(target))
    let expected = try await generate(fixture, [probe], on: target)[0]
    let mates = company(fixture, [16, 16, 30], maxTokens: 40)
    let requests = [mates[0], mates[1], probe, mates[2]]
    let results = try await generate(
      fixture, requests, on: target, policy: Layered(groups: 4), maxBatchedTokens: 32)
    expectSameBits(results[2], expected, "while others decode")
    // And the mates' tokens do not depend on the probe.
    let alone = try await generate(fixture, [mates[0]], on: target)[0]
    #expect(results[0].tokens == alone.tokens)
  }

  /// A request that comes while others run, and others that come while it runs.
  @Test(arguments: TestTarget.all)
  func itDoesNotMatterWhenARequestComes(target: TestTarget) async throws {
    let probe = probe(fixture, length: length(target))
    let expected = try await generate(fixture, [probe], on: target)[0]
    let mates = company(fixture, [9, 34, 2], maxTokens: 60)
    let options = target.options(cachePositions: (mates + [probe]).cachePositions, policy: Layered(groups: 3))
    let engine = try Engine(fixture, tokenizer: nil, options: options)
    let earlier = try await engine.submit(Array(mates[..<2]))
    var events = earlier[0].makeAsyncIterator()
    _ = try await events.next()
    let stream = try await engine.submit([probe])[0]
    let later = try await engine.submit([mates[2]])
    let found = try await stream.result()
    expectSameBits(found, expected, "in between")
    while try await events.next() != nil {}
    for mate in [earlier[1], later[0]] { #expect(try await mate.result().tokens.count == 60) }
  }

  /// Once with the trained model: more experts, tied embeddings, and KV blocks that are not the first ones.
  @Test(arguments: TestTarget.chosen)
  func theBundledModelGivesTheSameBits(target: TestTarget) async throws {
    let files = try ModelFiles(path: Fixtures.path("tiny-moe"))
    let probe = probe(files, length: 70)
    let expected = try await generate(files, [probe], on: target, policy: Layered(groups: 1))[0]
    for groups in [2, 3, 8] {
      let found = try await generate(files, [probe], on: target, policy: Layered(groups: groups))[0]
      expectSameBits(found, expected, "\(groups) groups")
    }
    let mates = company(files, [48, 5, 100], maxTokens: 30)
    let results = try await generate(
      files, [mates[0], mates[1], probe, mates[2]], on: target, policy: Layered(groups: 3), maxBatchedTokens: 53)
    expectSameBits(results[2], expected, "with mates")
  }

  private func expectSameBits(_ found: GenerationResult, _ expected: GenerationResult, _ context: String) {
    guard let a = found.capture, let b = expected.capture else {
      Issue.record("\(context): nothing was captured")
      return
    }
    #expect(!a.logits.isEmpty && a.logits.allSatisfy(\.isFinite), "\(context)")
    #expect(a.logits.map(\.bitPattern) == b.logits.map(\.bitPattern), "\(context): logits")
    #expect(a.hidden.count == b.hidden.count, "\(context)")
    for (layer, (x, y)) in zip(a.hidden, b.hidden).enumerated() {
      #expect(x.map(\.bitPattern) == y.map(\.bitPattern), "\(context): hidden.\(layer)")
    }
    #expect(a.router == b.router, "\(context): chosen experts")
    #expect(found.tokens == expected.tokens, "\(context): tokens")
  }
}
