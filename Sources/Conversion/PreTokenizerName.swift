import Checkpoints
import JSON

/// The names that GGUF files give the ways in which text is split before BPE.
enum PreTokenizerName {
  /// By the pattern of a `Split`, as it stands in `tokenizer.json`.
  private static let patterns: [String: String] = [
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#:
      "qwen2",
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#:
      "llama-bpe",
  ]

  static func find(_ file: JSONObject) throws -> String {
    guard let pre = try file.object("pre_tokenizer") else {
      throw file.error("pre_tokenizer", expected: "one that GGUF has a name for")
    }
    let steps = try pre.string("type") == "Sequence" ? pre.objects("pretokenizers") : [pre]
    let types = try steps.map { try $0.string("type") }
    if let split = steps.first, types.first == "Split", let pattern = try split.object("pattern"),
      let text = try pattern.optionalString("Regex"), let name = patterns[text]
    {
      return name
    }
    let usesPattern = try steps.last?.bool("use_regex", default: true) ?? false
    if types == ["ByteLevel"], usesPattern { return "gpt-2" }
    if types == ["Digits", "ByteLevel"], usesPattern, try steps[0].bool("individual_digits", default: false) {
      return "smollm"
    }
    throw file.error("pre_tokenizer", expected: "one that GGUF has a name for: of GPT-2, SmolLM, Llama 3 or Qwen2")
  }
}
