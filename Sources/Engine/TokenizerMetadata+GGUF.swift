package import Checkpoints
package import Tokenizers

extension TokenizerMetadata {
  /// What a GGUF file's metadata say of its tokenizer.
  /// - Throws: `CheckpointError` naming the file and the key that is missing or of another type.
  package init(_ metadata: GGUFMetadata) throws(CheckpointError) {
    func key(_ name: String) -> String { "tokenizer.ggml." + name }
    guard let tokens = try metadata.optionalStrings(key("tokens")) else {
      throw metadata.error(key("tokens"), expected: "a list of strings")
    }
    self.init(model: try metadata.string(key("model")), tokens: tokens)
    pre = try metadata.optionalString(key("pre"))
    scores = try metadata.optionalFloats(key("scores"))
    kinds = try metadata.optionalInts(key("token_type"))
    merges = try metadata.optionalStrings(key("merges"))
    let ids = 0...Int(Int32.max)
    bosToken = try metadata.optionalInt(key("bos_token_id"), in: ids).map { Int32($0) }
    eosToken = try metadata.optionalInt(key("eos_token_id"), in: ids).map { Int32($0) }
    unknownToken = try metadata.optionalInt(key("unknown_token_id"), in: ids).map { Int32($0) }
    addsBOS = try metadata.optionalBool(key("add_bos_token"))
    addsEOS = try metadata.optionalBool(key("add_eos_token"))
    addsSpacePrefix = try metadata.optionalBool(key("add_space_prefix"))
  }
}
