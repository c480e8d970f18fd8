import Checkpoints
import Foundation
import JSON

/// What `tokenizer.json`, `tokenizer_config.json` and the chat template of a folder become in a GGUF file.
struct TokenizerMetadata {
  /// Kinds of tokens, by their numbers in GGUF.
  private enum Kind: Int32 {
    case normal = 1
    case unknown, control, userDefined, unused, byte
  }

  private(set) var entries: [(key: String, value: GGUFWriter.Value)] = []

  /// - Throws: for a tokenizer that GGUF has no name for; the error names the field.
  init(_ checkpoint: Checkpoint) throws {
    try addSpecialTokens(checkpoint)
    try addTemplate(checkpoint.path)
    let path = "\(checkpoint.path)/tokenizer.json"
    guard FileManager.default.fileExists(atPath: path) else {
      entries.append(("tokenizer.ggml.model", .string("no_vocab")))
      return
    }
    let file = try JSONObject(file: path)
    guard let model = try file.object("model"), let vocabulary = try model.object("vocab") else {
      throw file.error("model.vocab", expected: "an object of tokens")
    }
    let usesBytes = try model.bool("byte_fallback", default: false)
    var tokens = try Self.tokens(vocabulary)
    var kinds = [Kind](repeating: .normal, count: tokens.count)
    try Self.addTokens(file, &tokens, &kinds)
    let size = try checkpoint.configuration.int("vocab_size", in: 1...(1 << 24))
    guard tokens.count <= size else {
      throw file.error("model.vocab", expected: "at most the \(size) tokens of config.json's vocab_size")
    }
    for index in tokens.count..<size {
      tokens.append("[PAD\(index)]")
      kinds.append(.unused)
    }
    entries.append(("tokenizer.ggml.model", .string(usesBytes ? "llama" : "gpt2")))
    if usesBytes {
      for index in tokens.indices where Self.isByte(tokens[index]) { kinds[index] = .byte }
      // Merges stand in the order of the tokens that they make.
      entries.append(("tokenizer.ggml.scores", .f32s(tokens.indices.map { -Float($0) })))
    } else {
      entries.append(("tokenizer.ggml.pre", .string(try PreTokenizerName.find(file))))
      entries.append(("tokenizer.ggml.merges", .strings(try file.mergeTexts())))
    }
    entries.append(("tokenizer.ggml.tokens", .strings(tokens)))
    entries.append(("tokenizer.ggml.token_type", .i32s(kinds.map(\.rawValue))))
  }

  private static func tokens(_ vocabulary: JSONObject) throws -> [String] {
    var tokens: [Int: String] = [:]
    for name in vocabulary.keys { tokens[try vocabulary.int(name, in: 0...(1 << 24))] = name }
    return (0...(tokens.keys.max() ?? 0)).map { tokens[$0] ?? "[PAD\($0)]" }
  }

  private static func addTokens(_ file: JSONObject, _ tokens: inout [String], _ kinds: inout [Kind]) throws {
    for added in try file.objects("added_tokens") {
      let id = try added.int("id", in: 0...(1 << 24))
      for index in tokens.count..<max(id + 1, tokens.count) {
        tokens.append("[PAD\(index)]")
        kinds.append(.unused)
      }
      tokens[id] = try added.string("content")
      kinds[id] = try added.bool("special", default: false) ? .control : .userDefined
    }
  }

  /// `<0x0A>`.
  private static func isByte(_ token: String) -> Bool {
    token.utf8.count == 6 && token.hasPrefix("<0x") && token.hasSuffix(">")
      && UInt8(token.dropFirst(3).dropLast(), radix: 16) != nil
  }

  private mutating func addSpecialTokens(_ checkpoint: Checkpoint) throws {
    let path = "\(checkpoint.path)/tokenizer_config.json"
    let settings = FileManager.default.fileExists(atPath: path) ? try JSONObject(file: path) : nil
    if let token = checkpoint.generation.bosToken {
      entries.append(("tokenizer.ggml.bos_token_id", .u32(UInt32(token))))
    }
    for (kind, token) in zip(["eos", "eot", "eom"], checkpoint.generation.eosTokens) {
      entries.append(("tokenizer.ggml.\(kind)_token_id", .u32(UInt32(token))))
    }
    let addsBOS = try settings?.bool("add_bos_token", default: false) ?? false
    entries.append(("tokenizer.ggml.add_bos_token", .bool(addsBOS)))
  }

  private mutating func addTemplate(_ folder: String) throws {
    let file = "\(folder)/chat_template.jinja"
    if let data = FileManager.default.contents(atPath: file) {
      guard let text = String(validating: data, as: UTF8.self) else {
        throw ConversionError("\(file): it is not UTF-8")
      }
      entries.append(("tokenizer.chat_template", .string(text)))
      return
    }
    let path = "\(folder)/tokenizer_config.json"
    guard FileManager.default.fileExists(atPath: path) else { return }
    // A list of named templates has no form in GGUF but its default.
    if let text = try? JSONObject(file: path).optionalString("chat_template") {
      entries.append(("tokenizer.chat_template", .string(text)))
    }
  }
}
