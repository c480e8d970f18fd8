import Backend
import Checkpoints
import Engine
import Foundation
import TestSupport
import Testing

/// What a request meets that cannot go on, and what its batch mates do.
struct FailedRequestTests {
  /// The fixture `mixed`, whose token 5 has no embedding that is a number.
  private func files(_ folder: TemporaryFolder) throws -> ModelFiles {
    let checkpoint = try Checkpoint(folder: Fixtures.path("mixed"))
    let tensors = checkpoint.tensors.map { tensor in
      guard tensor.name == "model.embed_tokens.weight" else { return tensor }
      var values = tensor.floats()
      for column in 0..<tensor.shape[1] { values[5 * tensor.shape[1] + column] = .nan }
      return HostTensor(name: tensor.name, format: .f32, shape: tensor.shape, values: values)
    }
    try folder.write("config.json", Data(contentsOf: URL(fileURLWithPath: Fixtures.path("mixed/config.json"))))
    try SafetensorsWriter.write(tensors, to: "\(folder.path)/model.safetensors")
    return try ModelFiles(path: folder.path)
  }

  @Test(arguments: TestTarget.all)
  func aRequestWithoutAnyNumberEndsAlone(target: TestTarget) async throws {
    let folder = try TemporaryFolder()
    let files = try files(folder)
    // The tied head makes token 5's logit NaN for everybody; it is never chosen.
    let good = GenerationRequest(prompt: [1, 2, 3], maxTokens: 6)
    let bad = GenerationRequest(prompt: [1, 5, 2], maxTokens: 6)
    let expected = try await generate(files, [good], on: target)[0]
    #expect(expected.tokens.count == 6)
    let engine = try Engine(
      files, tokenizer: nil, options: target.options(cachePositions: [good, bad, good].cachePositions))
    let streams = try await engine.submit([good, bad, good])
    #expect(await failure(streams[1]) == "the model gave no logit that is a number")
    for index in [0, 2] { #expect(try await streams[index].result().tokens == expected.tokens) }
    // And the engine goes on.
    let again = try await engine.submit([bad, good])
    #expect(await failure(again[0]) != nil)
    #expect(try await again[1].result().tokens == expected.tokens)
  }
}
