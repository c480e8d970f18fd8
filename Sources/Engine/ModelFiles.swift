package import Checkpoints
import Foundation
package import Models
package import Tokenizers

/// What a model's folder or GGUF file holds, opened and checked, with no weight loaded.
package struct ModelFiles: Sendable {
  package let checkpoint: Checkpoint
  package let description: ModelDescription
  package let stopTokens: Set<Int32>
  /// Put before a prompt: `bos_token_id`, where `tokenizer_config.json` says `add_bos_token`.
  package let bosToken: Int32?
  private let addsBOS: Bool

  /// - Throws: an error that names the file and the field, for whatever is missing, malformed or not supported.
  package init(path: String) throws {
    checkpoint = try Checkpoint(path: path)
    description = try Families.describe(checkpoint)
    stopTokens = Set(checkpoint.generation.eosTokens)
    bosToken = checkpoint.generation.bosToken
    for token in (bosToken.map { [$0] } ?? []) + stopTokens where Int(token) >= description.vocabularySize {
      let field = token == bosToken ? "bos_token_id" : "eos_token_id"
      throw EngineError(
        "\(path): field \(field) of generation_config.json or config.json: found \(token), expected less than the "
          + "vocabulary's \(description.vocabularySize)")
    }
    addsBOS = try Self.addsBOS(checkpoint)
    if addsBOS, bosToken == nil {
      let field =
        checkpoint.gguf == nil ? "/tokenizer_config.json: field add_bos_token" : ": key tokenizer.ggml.add_bos_token"
      throw EngineError("\(path)\(field) is true, but no bos_token_id is given")
    }
  }

  private static func addsBOS(_ checkpoint: Checkpoint) throws -> Bool {
    if let gguf = checkpoint.gguf { return try gguf.metadata.optionalBool("tokenizer.ggml.add_bos_token") ?? false }
    let path = checkpoint.path + "/tokenizer_config.json"
    guard FileManager.default.fileExists(atPath: path) else { return false }
    return try JSONObject(file: path).bool("add_bos_token", default: false)
  }

  package func tokenizer() throws -> Tokenizer {
    if let gguf = checkpoint.gguf {
      return try Tokenizer(try TokenizerMetadata(gguf.metadata), source: checkpoint.path)
    }
    return try Tokenizer(folder: checkpoint.path)
  }

  /// The token that every prompt begins with, if there is one.
  package var promptBOS: Int32? { addsBOS ? bosToken : nil }

  /// The tokens of a prompt.
  package func encode(_ text: String, with tokenizer: Tokenizer) -> [Int32] {
    let tokens = tokenizer.encode(text)
    guard addsBOS, let bosToken, tokens.first != bosToken else { return tokens }
    return [bosToken] + tokens
  }

  /// How the model's makers want it sampled.
  package var sampling: SamplingOptions {
    let generation = checkpoint.generation
    guard generation.doSample else { return .greedy }
    return SamplingOptions(temperature: generation.temperature, topK: generation.topK, topP: generation.topP)
  }
}
