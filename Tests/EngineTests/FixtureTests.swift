import Backend
import Checkpoints
import Engine
import Models
import Scheduling
import TestSupport
import Testing

/// The random checkpoints of each family against Hugging Face's results: see `Tests/Fixtures/README.md`.
@Suite(.serialized)
struct FixtureTests {
  @Test(arguments: TestTarget.all + TestTarget.actedOut, FamilyFixture.names)
  func statesAndTokensAreHuggingFaces(target: TestTarget, name: String) async throws {
    let fixture = try FamilyFixture(name)
    for length in target.isActedOut ? [7, 33] : FamilyFixture.lengths { try await check(fixture, length, on: target) }
  }

  private func check(_ fixture: FamilyFixture, _ length: Int, on target: TestTarget) async throws {
    let prompt = try fixture.expected("input_ids", length).int32s()
    #expect(prompt.count == length)
    let request = GenerationRequest(
      prompt: prompt, maxTokens: 16, capture: CaptureOptions(allLogits: true, hidden: true))
    let result = try await generate(fixture.files, [request], on: target)[0]
    let capture = try #require(result.capture)
    try checkLogits(capture, fixture, length, target.tolerance)
    try checkStates(capture, fixture, length, target.tolerance)
    let greedy = try #require(try ReferenceFile(fixture.name, withPrompts: false).greedy?["\(length)"])
    #expect(greedy.tokens.count == 16)
    greedy.expect(result.tokens, "T = \(length)")
    #expect(result.finishReason == .length)
    #expect(result.promptTokens == length)
  }

  /// All four prompts as one batch give the tokens that they give alone.
  @Test(arguments: TestTarget.all, FamilyFixture.names)
  func promptsOfABatchGetTheirOwnTokens(target: TestTarget, name: String) async throws {
    let fixture = try FamilyFixture(name)
    let lengths = [33, 1, 130, 7]
    let requests = try lengths.map {
      GenerationRequest(prompt: try fixture.expected("input_ids", $0).int32s(), maxTokens: 16)
    }
    let results = try await generate(fixture.files, requests, on: target)
    let greedy = try #require(try ReferenceFile(name, withPrompts: false).greedy)
    for (length, result) in zip(lengths, results) {
      try #require(greedy["\(length)"]).expect(result.tokens, "T = \(length)")
    }
  }

  private func checkLogits(
    _ capture: Capture, _ fixture: FamilyFixture, _ length: Int, _ tolerance: Double
  ) throws {
    let vocabulary = fixture.files.description.vocabularySize
    #expect(capture.logits.count == length * vocabulary)
    let last = try fixture.expected("logits_last", length).floats()
    #expect(last.count == vocabulary)
    #expect(relativeError(Array(capture.logits.suffix(vocabulary)), last) <= tolerance, "T = \(length)")
    guard length <= 33 else { return }
    let all = try fixture.expected("logits", length).floats()
    #expect(relativeError(capture.logits, all) <= tolerance, "T = \(length)")
  }

  private func checkStates(
    _ capture: Capture, _ fixture: FamilyFixture, _ length: Int, _ tolerance: Double
  ) throws {
    let model = fixture.files.description
    #expect(capture.hidden.count == model.layerCount + 1)
    #expect(capture.router.count == model.layerCount)
    var compared = 0
    for (index, hidden) in capture.hidden.enumerated() {
      guard let tensor = fixture.tensor("hidden.\(index)", length) else { continue }
      #expect(relativeError(hidden, tensor.floats()) <= tolerance, "T = \(length), hidden.\(index)")
      compared += 1
    }
    // For the longest prompt the fixture leaves out the layers in between.
    #expect(compared == model.layerCount + 1 || (length == 130 && compared > 0))
    var routers = 0
    for (layer, router) in capture.router.enumerated() {
      guard let tensor = fixture.tensor("router.\(layer).2", length) else { continue }
      #expect(sortedChoices(router, model.chosenExperts) == sortedChoices(tensor.int32s(), model.chosenExperts))
      routers += 1
    }
    // There it has none: another expert for one of 130 rows would show in the last hidden states.
    #expect(routers == (length == 130 ? 0 : model.isSparse.count(where: \.self)))
  }
}

extension HostTensor {
  /// All elements of an i32 tensor; none of any other.
  func int32s() -> [Int32] {
    guard format == .i32 else { return [] }
    return (0..<elementCount).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self) }
  }
}
