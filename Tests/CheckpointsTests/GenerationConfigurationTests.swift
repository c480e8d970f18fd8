import Checkpoints
import TestSupport
import Testing

struct GenerationConfigurationTests {
  private func read(_ generation: String?, configuration: String = "{}") throws -> GenerationConfiguration {
    try GenerationConfiguration(try generation.map { try json($0) }, configuration: try json(configuration))
  }

  /// The defaults are those of `transformers`, where `top_k` alone is not neutral.
  @Test(arguments: [nil, "{}", #"{"top_k": null, "temperature": null, "do_sample": null, "eos_token_id": null}"#])
  func hasDefaults(generation: String?) throws {
    let found = try read(generation)
    #expect(found.eosTokens == [])
    #expect(found.bosToken == nil)
    #expect(!found.doSample)
    #expect(found.temperature == 1)
    #expect(found.topK == 50)
    #expect(found.topP == 1)
  }

  @Test func readsEachField() throws {
    let found = try read(
      #"{"bos_token_id": 151643, "do_sample": true, "eos_token_id": [151645, 151643], "temperature": 0.6, "top_k": 20,"#
        + #" "top_p": 0.95, "transformers_version": "4.51.0"}"#)
    #expect(found.eosTokens == [151645, 151643])
    #expect(found.bosToken == 151643)
    #expect(found.doSample)
    #expect(found.temperature == 0.6)
    #expect(found.topK == 20)
    #expect(found.topP == 0.95)
  }

  @Test func takesTokensFromTheConfigurationWhereItHasNone() throws {
    let configuration = #"{"eos_token_id": 7, "bos_token_id": 8}"#
    #expect(try read(nil, configuration: configuration).eosTokens == [7])
    #expect(try read(nil, configuration: configuration).bosToken == 8)
    let found = try read(#"{"eos_token_id": 9}"#, configuration: configuration)
    #expect(found.eosTokens == [9])
    #expect(found.bosToken == 8)
  }

  @Test(arguments: [
    (#"{"eos_token_id": -1}"#, "field eos_token_id: found -1"),
    (#"{"eos_token_id": [1, 2147483648]}"#, "field eos_token_id[1]: found 2147483648"),
    (#"{"eos_token_id": "</s>"}"#, "field eos_token_id: found \"</s>\""),
    (#"{"eos_token_id": true}"#, "field eos_token_id: found true"),
    (#"{"bos_token_id": 1.5}"#, "field bos_token_id: found 1.5"),
    (#"{"do_sample": 1}"#, "field do_sample: found 1"),
    (#"{"temperature": -0.1}"#, "field temperature: found -0.1"),
    (#"{"temperature": 1e300}"#, "field temperature: found 1e+300"),
    (#"{"top_k": -1}"#, "field top_k: found -1"),
    (#"{"top_k": 0.5}"#, "field top_k: found 0.5"),
    (#"{"top_p": 1.01}"#, "field top_p: found 1.01"),
    (#"{"top_p": "0.9"}"#, "field top_p: found \"0.9\""),
  ])
  func refusesWhatCannotBe(generation: String, part: String) {
    expectError("test.json: \(part)", "expected") { _ = try read(generation) }
  }

  @Test func readsTheFilesOfAFolder() throws {
    let generation = try Checkpoint(folder: Fixtures.path("qwen3_moe")).generation
    #expect(generation.eosTokens == [2])
    #expect(generation.bosToken == 1)
    #expect(!generation.doSample)
  }
}
