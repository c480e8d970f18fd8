package import Checkpoints
import Foundation
package import Models
package import Tokenizers

/// What a model's folder holds, opened and checked, with no weight loaded.
package struct ModelFiles: Sendable {
  package let checkpoint: Checkpoint
  package let description: ModelDescription
  package let stopTokens: Set<Int32>
  /// Put before a prompt: `bos_token_id`, where `tokenizer_config.json` says `add_bos_token`.
  package let bosToken: Int32?
  private let addsBOS: Bool

  /// - Throws: an error that names the file and the field, for whatever is missing, malformed or not supported.
  package init(folder: String) throws {
    checkpoint = try Checkpoint(folder: folder)
    description = try Families.describe(checkpoint)
    stopTokens = Set(checkpoint.generation.eosTokens)
    bosToken = checkpoint.generation.bosToken
    for token in (bosToken.map { [$0] } ?? []) + stopTokens where Int(token) >= description.vocabularySize {
      let field = token == bosToken ? "bos_token_id" : "eos_token_id"
      throw EngineError(
        "\(folder): field \(field) of generation_config.json or config.json: found \(token), expected less than the "
          + "vocabulary's \(description.vocabularySize)")
    }
    let path = folder + "/tokenizer_config.json"
    addsBOS =
      FileManager.default.fileExists(atPath: path)
      ? try JSONObject(file: path).bool("add_bos_token", default: false) : false
    if addsBOS, bosToken == nil {
      throw EngineError("\(path): field add_bos_token is true, but no bos_token_id is given in \(folder)")
    }
  }

  package func tokenizer() throws -> Tokenizer { try Tokenizer(folder: checkpoint.folder) }

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
