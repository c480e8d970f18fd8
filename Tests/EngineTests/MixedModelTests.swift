import Backend
import Checkpoints
import Engine
import Models
import Scheduling
import TestSupport
import Testing

/// Dense layers among sparse ones, and odd sizes, on every device: the fixtures `mixed` and `alternating`.
@Suite(.serialized)
struct MixedModelTests {
  /// Odd shapes of other families: heads of another size than hidden size / heads, one key-value head, 11 experts of which
  /// 3, dense layers, windows shorter than the prompt, every kind of scaled positions.
  @Test(arguments: TestTarget.all, FamilyFixture.odd)
  func oddShapesAreHuggingFaces(target: TestTarget, name: String) async throws {
    let fixture = try FamilyFixture(name)
    let model = fixture.files.description
    let requests = try [140, 1].map {
      GenerationRequest(
        prompt: try fixture.expected("input_ids", $0).int32s(), maxTokens: 1,
        capture: CaptureOptions(allLogits: true, hidden: true))
    }
    let results = try await generate(fixture.files, requests, on: target, policy: Layered(groups: 2))
    for (length, result) in zip([140, 1], results) {
      let capture = try #require(result.capture)
      #expect(relativeError(capture.logits, try fixture.expected("logits", length).floats()) <= target.tolerance)
      for (index, hidden) in capture.hidden.enumerated() {
        let states = try fixture.expected("hidden.\(index)", length).floats()
        #expect(relativeError(hidden, states) <= target.tolerance, "T = \(length), hidden.\(index)")
      }
      for (layer, router) in capture.router.enumerated() where model.isSparse[layer] {
        let expected = try fixture.expected("router.\(layer)", length).int32s()
        #expect(sortedChoices(router, model.chosenExperts) == sortedChoices(expected, model.chosenExperts))
      }
    }
  }

  @Test(arguments: TestTarget.all, ["mixed", "alternating"])
  func logitsAndExpertsAreHuggingFaces(target: TestTarget, name: String) async throws {
    let files = try ModelFiles(path: Fixtures.path(name))
    let reference = try SafetensorsFile(path: Fixtures.path("\(name)/reference.safetensors"))
    func expected(_ name: String) throws -> HostTensor { try #require(reference.tensors.first { $0.name == name }) }
    let lengths = [45, 1, 2]
    let requests = try lengths.map {
      GenerationRequest(
        prompt: try expected("t\($0).input_ids").int32s(), maxTokens: 1,
        capture: CaptureOptions(allLogits: true, hidden: true))
    }
    // All three as one batch, in as many groups as there are layers.
    let results = try await generate(
      files, requests, on: target, policy: Layered(groups: name == "mixed" ? 4 : 3))
    for (length, result) in zip(lengths, results) {
      let capture = try #require(result.capture)
      #expect(relativeError(capture.logits, try expected("t\(length).logits").floats()) <= 1e-4, "T = \(length)")
      for (index, hidden) in capture.hidden.enumerated() {
        let states = try expected("t\(length).hidden.\(index)").floats()
        #expect(relativeError(hidden, states) <= 1e-4, "T = \(length), hidden.\(index)")
      }
      let sparse = capture.router.enumerated().filter { !$1.isEmpty }
      #expect(sparse.map(\.offset) == (name == "mixed" ? [0, 2, 3] : [1]))
      for (layer, router) in sparse {
        #expect(router == (try expected("t\(length).router.\(layer)").int32s()), "T = \(length), router.\(layer)")
      }
    }
  }
}
