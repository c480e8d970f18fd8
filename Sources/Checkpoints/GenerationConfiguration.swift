/// How a model's makers want it sampled: `generation_config.json`.
///
/// The names, and the values of what is absent, are those of `GenerationConfig` in `transformers`.
package struct GenerationConfiguration: Sendable, Equatable {
  /// The tokens that end a text; empty if none is given.
  package let eosTokens: [Int32]
  package let bosToken: Int32?
  /// Whether to sample; false is the most probable token each time.
  package let doSample: Bool
  package let temperature: Float
  /// How many of the most probable tokens to sample from; 0 for all.
  package let topK: Int
  /// Sample from the most probable tokens with this share of the probability; 1 for all.
  package let topP: Float

  /// Reads `generation`, if there is that file; the tokens that it does not give come from `configuration`.
  package init(_ generation: JSONObject?, configuration: JSONObject) throws(CheckpointError) {
    // Token by token, as each of the two files may have only one of them.
    func file(with key: String) -> JSONObject {
      if let generation, generation.has(key) { generation } else { configuration }
    }
    let tokens = 0...Int(Int32.max)
    let eosFile = file(with: "eos_token_id")
    eosTokens =
      eosFile.has("eos_token_id") ? try eosFile.intOrInts("eos_token_id", in: tokens).map { Int32($0) } : []
    bosToken = try file(with: "bos_token_id").optionalInt("bos_token_id", in: tokens).map { Int32($0) }
    doSample = try generation?.bool("do_sample", default: false) ?? false
    let largest = Double(Float.greatestFiniteMagnitude)
    temperature = Float(try generation?.double("temperature", default: 1, in: 0...largest) ?? 1)
    topK = try generation?.int("top_k", default: 50, in: 0...Int(Int32.max)) ?? 50
    topP = Float(try generation?.double("top_p", default: 1, in: 0...1) ?? 1)
  }
}
