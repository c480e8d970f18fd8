import Checkpoints
import JSON
package import Templates
package import Tokenizers

extension ModelFiles {
  /// The chat template of the folder or GGUF file; nil if it has none.
  /// - Throws: an error that names the file, and the line of the template, for one that cannot be read.
  package func chatTemplate() throws -> ChatTemplate? {
    guard let gguf = checkpoint.gguf else { return try ChatTemplate(folder: checkpoint.path) }
    guard let text = try gguf.metadata.optionalString("tokenizer.chat_template") else { return nil }
    return try ChatTemplate(
      text, specialTokens: Self.specialTokens(gguf), source: "\(checkpoint.path): tokenizer.chat_template")
  }

  /// A template in place of the model's own.
  /// - Throws: an error that names the source and the line for one that cannot be read.
  package func chatTemplate(text: String, source: String) throws -> ChatTemplate {
    let special = try checkpoint.gguf.map(Self.specialTokens) ?? ChatTemplate.specialTokens(folder: checkpoint.path)
    return try ChatTemplate(text, specialTokens: special, source: source)
  }

  /// `bos_token` and the like, as templates know them.
  private static func specialTokens(_ gguf: GGUFModel) throws -> JSONMembers {
    let tokens = try gguf.metadata.optionalStrings("tokenizer.ggml.tokens") ?? []
    var special = JSONMembers()
    for name in ["bos", "eos", "unknown", "padding"] {
      let id = try gguf.metadata.optionalInt("tokenizer.ggml.\(name)_token_id", in: 0...Int(Int32.max))
      guard let id, tokens.indices.contains(id) else { continue }
      let variable = ["unknown": "unk", "padding": "pad"][name] ?? name
      _ = special.add(JSONString(variable + "_token"), .string(JSONString(tokens[id])))
    }
    return special
  }

  /// The tokens that end a reply: those that end a text, and those by which known templates end a turn.
  package func replyStops(_ tokenizer: Tokenizer) -> Set<Int32> {
    let turnEnds = ["<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|return|>", "<|call|>"]
    return stopTokens.union(turnEnds.compactMap { tokenizer.id(of: $0) }.filter { tokenizer.isSpecial($0) })
  }
}
