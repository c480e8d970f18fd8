import Backend
import Checkpoints
import Engine
import Models
import Scheduling
import TestSupport
import Testing

/// The random Qwen3-MoE checkpoint against Hugging Face's results: see `Tests/Fixtures/README.md`.
@Suite(.serialized)
struct FixtureTests {
  private let files: ModelFiles
  private let reference: SafetensorsFile

  init() throws {
    files = try ModelFiles(path: Fixtures.path("qwen3_moe"))
    reference = try SafetensorsFile(path: Fixtures.path("qwen3_moe/reference.safetensors"))
  }

  @Test(arguments: TestTarget.all + TestTarget.actedOut, [1, 7, 33, 130])
  func statesAndTokensAreHuggingFaces(target: TestTarget, length: Int) async throws {
    let prompt = try expected("input_ids", length).int32s()
    #expect(prompt.count == length)
    let request = GenerationRequest(
      prompt: prompt, maxTokens: 16, capture: CaptureOptions(allLogits: true, hidden: true))
    let result = try await generate(files, [request], on: target)[0]
    let capture = try #require(result.capture)
    try checkLogits(capture, length)
    try checkStates(capture, length)
    let greedy = try #require(try ReferenceFile("qwen3_moe", withPrompts: false).greedy?["\(length)"])
    #expect(greedy.tokens.count == 16)
    greedy.expect(result.tokens, "T = \(length)")
    #expect(result.finishReason == .length)
    #expect(result.promptTokens == length)
  }

  /// All four prompts as one batch give the tokens that they give alone.
  @Test(arguments: TestTarget.all)
  func promptsOfABatchGetTheirOwnTokens(target: TestTarget) async throws {
    let lengths = [33, 1, 130, 7]
    let requests = try lengths.map {
      GenerationRequest(prompt: try expected("input_ids", $0).int32s(), maxTokens: 16)
    }
    let results = try await generate(files, requests, on: target)
    let greedy = try #require(try ReferenceFile("qwen3_moe", withPrompts: false).greedy)
    for (length, result) in zip(lengths, results) {
      try #require(greedy["\(length)"]).expect(result.tokens, "T = \(length)")
    }
  }

  private func checkLogits(_ capture: Capture, _ length: Int) throws {
    let vocabulary = files.description.vocabularySize
    #expect(capture.logits.count == length * vocabulary)
    let last = try expected("logits_last", length).floats()
    #expect(last.count == vocabulary)
    #expect(relativeError(Array(capture.logits.suffix(vocabulary)), last) <= 1e-4)
    guard length <= 33 else { return }
    let all = try expected("logits", length).floats()
    #expect(relativeError(capture.logits, all) <= 1e-4)
  }

  private func checkStates(_ capture: Capture, _ length: Int) throws {
    let layers = files.description.layerCount
    #expect(capture.hidden.count == layers + 1)
    #expect(capture.router.count == layers)
    var compared = 0
    for (index, hidden) in capture.hidden.enumerated() {
      guard let tensor = tensor("hidden.\(index)", length) else { continue }
      #expect(relativeError(hidden, tensor.floats()) <= 1e-4, "hidden.\(index)")
      compared += 1
    }
    // For the longest prompt the fixture leaves out the layers in between.
    #expect(compared == layers + 1 || (length == 130 && compared > 0))
    var routers = 0
    for (layer, router) in capture.router.enumerated() {
      guard let tensor = tensor("router.\(layer).2", length) else { continue }
      #expect(router == tensor.int32s(), "router.\(layer)")
      routers += 1
    }
    // There it has none: another expert for one of 130 rows would show in the last hidden states.
    #expect(routers == (length == 130 ? 0 : layers))
  }

  private func tensor(_ name: String, _ length: Int) -> HostTensor? {
    reference.tensors.first { $0.name == "t\(length).\(name)" }
  }

  private func expected(_ name: String, _ length: Int) throws -> HostTensor {
    try #require(tensor(name, length), "the fixture has no t\(length).\(name)")
  }
}

extension HostTensor {
  /// All elements of an i32 tensor; none of any other.
  func int32s() -> [Int32] {
    guard format == .i32 else { return [] }
    return (0..<elementCount).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self) }
  }
}
