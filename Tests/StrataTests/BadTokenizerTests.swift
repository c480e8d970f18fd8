import Foundation
import TestSupport
import Testing

/// `strata run` with the files beside the weights damaged: `tokenizer.json`, `tokenizer_config.json` and
/// `generation_config.json`.
struct BadTokenizerTests {
  private let copy: ModelCopy

  init() throws { copy = try ModelCopy("tiny-moe") }

  private var tokenizer: String { "\(copy.path)/tokenizer.json" }

  private func run() async throws -> Outcome {
    try await Strata.run(
      "run", "--model", copy.path, "--prompt", "And", "--max-tokens", "1", "--device", "reference")
  }

  @Test(arguments: ["", "{", "[]", "null", "{}", "{\"model\": 7}", String(repeating: "{\"a\":", count: 100_000)])
  func aMalformedTokenizer(text: String) async throws {
    try copy.folder.write("tokenizer.json", text)
    try await run().expectFailure("\(tokenizer): ")
  }

  @Test func bytesThatAreNotUTF8() async throws {
    try copy.folder.write("tokenizer.json", copy.bytes("tokenizer.json") + [0xFF])
    try await run().expectFailure("\(tokenizer): not JSON")
  }

  @Test func aMissingTokenizer() async throws {
    try FileManager.default.removeItem(atPath: tokenizer)
    try await run().expectFailure("\(tokenizer): the file does not exist")
    try FileManager.default.createDirectory(atPath: tokenizer, withIntermediateDirectories: false)
    try await run().expectFailure("\(tokenizer): cannot be read: ")
  }

  @Test func anotherKindOfTokenizer() async throws {
    try copy.change("tokenizer.json", ["model": ["type": "Unigram", "vocab": []]])
    try await run().expectFailure("\(tokenizer): model.type: ", "Unigram", "BPE")
  }

  /// Tokens that the model does not have.
  @Test func aTokenizerOfAnotherModel() async throws {
    try copy.change("generation_config.json", ["bos_token_id": 2048])
    try await run().expectFailure("field bos_token_id", "found 2048", "the vocabulary's 2048")
  }

  @Test func otherFilesAreNamedToo() async throws {
    for (name, field, value) in [
      ("tokenizer_config.json", "add_bos_token", "yes"), ("generation_config.json", "eos_token_id", "two"),
      ("generation_config.json", "temperature", -1), ("generation_config.json", "top_p", 2),
      ("generation_config.json", "bos_token_id", 1.5), ("generation_config.json", "do_sample", 1),
    ] as [(String, String, Any)] {
      let good = try copy.bytes(name)
      try copy.change(name, [field: value])
      try await run().expectFailure("\(copy.path)/\(name): field \(field): ")
      try copy.folder.write(name, good)
    }
    try copy.folder.write("tokenizer_config.json", "{")
    try await run().expectFailure("\(copy.path)/tokenizer_config.json: ")
  }

  @Test func noBOSToken() async throws {
    try copy.change("config.json", ["bos_token_id": NSNull()])
    try copy.change("generation_config.json", ["bos_token_id": nil])
    try await run().expectFailure("\(copy.path)/tokenizer_config.json: field add_bos_token")
  }

  /// Whatever a byte becomes: no crash, and a failure is one line.
  @Test func randomDamageNeverCrashes() async throws {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    let whole = try copy.bytes("tokenizer.json")
    for _ in 0..<8 {
      var bytes = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        bytes[Int.random(in: whole.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      try copy.folder.write("tokenizer.json", bytes)
      let outcome = try await run()
      #expect(outcome.status == 0 || outcome.isCleanFailure, "STRATA_TEST_SEED=\(seed): \(outcome)")
    }
  }
}
