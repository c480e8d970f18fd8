import Checkpoints
import JSON

/// The names that GGUF files give the ways in which text is split before BPE.
enum PreTokenizerName {
  private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
  private static let spaces = #"|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
  private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
  private static let before = #"[^\r\n\p{L}\p{N}]?"#

  /// By the patterns of all `Split`s, as they stand in `tokenizer.json`.
  private static let patterns: [[String]: String] = [
    [contractions + "|" + before + #"\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"# + spaces]: "qwen2",
    [contractions + "|" + before + #"\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"# + spaces]: "llama-bpe",
    [
      before + upper + "*" + lower + "+" + contractions + "?|" + before + upper + "+" + lower + "*" + contractions
        + #"?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*"# + spaces
    ]: "gpt-4o",
    [
      #"\p{N}{1,3}"#, "[一-龥぀-ゟ゠-ヿ]+",
      ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"##
        + spaces,
    ]: "deepseek-v3",
  ]
  /// The same but for the second, a long list of letters.
  private static let deepSeek = [#"[\r\n]"#, #"\s?[!-/:-~！-／：-～‘-‟　-。]+"#, #"\s+$"#, "[一-龥ࠀ-一가-퟿]+"]

  static func find(_ file: JSONObject) throws -> String {
    guard let pre = try file.object("pre_tokenizer") else {
      throw file.error("pre_tokenizer", expected: "one that GGUF has a name for")
    }
    let steps = try pre.string("type") == "Sequence" ? pre.objects("pretokenizers") : [pre]
    let types = try steps.map { try $0.string("type") }
    let splits = try steps.prefix { try $0.string("type") == "Split" }
      .map { try $0.object("pattern")?.optionalString("Regex") ?? "" }
    if let name = patterns[splits] { return name }
    if splits.count == 5, [splits[0]] + splits[2...] == deepSeek { return "deepseek-llm" }
    let usesPattern = try steps.last?.bool("use_regex", default: true) ?? false
    if types == ["ByteLevel"], usesPattern { return "gpt-2" }
    if types == ["Digits", "ByteLevel"], usesPattern, try steps[0].bool("individual_digits", default: false) {
      return "smollm"
    }
    throw file.error(
      "pre_tokenizer",
      expected: "one that GGUF has a name for: of GPT-2, SmolLM, Llama 3, Qwen2, GPT-OSS, DeepSeek-V2 or V3")
  }
}
