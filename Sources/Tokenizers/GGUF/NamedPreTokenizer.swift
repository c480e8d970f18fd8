/// The ways in which GGUF files say that text is cut before merging: `tokenizer.ggml.pre`.
///
/// The patterns are those of the models' own `tokenizer.json`; each cuts the pieces of the one before.
enum NamedPreTokenizer {
  struct Cut {
    var patterns: [String]
    /// A word that is a token as a whole is taken as it is.
    var ignoresMerges = false
    /// Whether the beginning of a text is marked unless the file says otherwise.
    var addsBOS = false
  }

  /// Nil for a name that is not known.
  static func cut(_ name: String) -> Cut? {
    switch name {
    case "default": Cut(patterns: [#"[\p{P}$+<=>^~|]+"#, gpt2, #"\p{N}+"#, "[0-9][0-9][0-9]"])
    case "llama3", "llama-v3", "llama-bpe", "falcon3", "falcon-h1", "pixtral", "midm-2.0", "lfm2":
      Cut(patterns: [llama3], ignoresMerges: true, addsBOS: true)
    case "dbrx", "smaug-bpe", "chatglm-bpe": Cut(patterns: [llama3])
    case "glm4", "glm5": Cut(patterns: [llama3], ignoresMerges: true)
    case "minicpm5": Cut(patterns: [#"\p{N}{1,3}"#, llama3], ignoresMerges: true)
    case "deepseek-llm":
      Cut(patterns: [
        #"[\r\n]"#, #"\s?["# + DeepSeekCharacters.letters + "]+", #"\s?["# + DeepSeekCharacters.marks + "]+", #"\s+$"#,
        DeepSeekCharacters.ideographs, #"\p{N}+"#,
      ])
    case "deepseek-coder":
      Cut(patterns: [#"[\r\n]"#, #"\s?\p{L}+"#, #"\s?\p{P}+"#, DeepSeekCharacters.ideographs, #"\p{N}"#])
    case "deepseek-v3", "hunyuan-dense", "joyai-llm":
      Cut(patterns: [#"\p{N}{1,3}"#, #"[\x{4E00}-\x{9FA5}\x{3040}-\x{30FF}]+"#, deepSeekV3])
    case "falcon": Cut(patterns: [#"[\p{P}$+<=>^~|`]+"#, gpt2, "[0-9][0-9][0-9]"])
    case "starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b", "mellum2":
      Cut(patterns: [#"\p{N}"#, gpt2])
    case "gpt-2", "phi-2", "jina-es", "jina-de", "gigachat", "a.x-4.0", "mellum", "modern-bert", "mpt", "olmo", "jais",
      "trillion", "granite-docling", "exaone4":
      Cut(patterns: [gpt2])
    case "qwen2", "deepseek-r1-qwen", "kormo", "megrez", "stablelm2", "hunyuan", "solar-open", "grok-2":
      Cut(patterns: [qwen2])
    case "qwen35": Cut(patterns: [qwen35])
    case "gpt-4o", "llama4", "kanana2", "minimax-m2": Cut(patterns: [o200k])
    case "tiny_aya", "cohere2moe": Cut(patterns: [#"\d{1,3}(?=(?:\d{3})*\b)"#, o200k])
    case "tekken": Cut(patterns: [tekken], ignoresMerges: true, addsBOS: true)
    case "bailingmoe", "bailingmoe2", "llada-moe": Cut(patterns: [bailing])
    case "seed-coder": Cut(patterns: [seedCoder])
    default: nil
    }
  }

  private static let gpt2 = PreTokenizer.gpt2
  private static let contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
  private static let spaces = #"|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let llama3 =
    contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"# + spaces
  private static let qwen2 = contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"# + spaces
  private static let qwen35 =
    contractions + #"|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*"# + spaces
  private static let deepSeekV3 =
    ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*"##
    + spaces
  /// Words that begin small or in capitals: of these characters any number of the first, then of the second.
  private static let upper = #"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]"#
  private static let lower = #"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"#
  private static func cased(_ ending: String) -> String {
    #"[^\r\n\p{L}\p{N}]?"# + upper + "*" + lower + "+" + ending + #"|[^\r\n\p{L}\p{N}]?"# + upper + "+" + lower + "*"
      + ending
  }
  private static let o200k =
    cased(contractions + "?") + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*"# + spaces
  private static let tekken = cased("") + #"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*"# + spaces
  private static let bailing =
    #"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+"#
  private static let seedCoder =
    contractions + #"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+"# + spaces
}

/// The characters that DeepSeek's first pre-tokenizer names one by one.
private enum DeepSeekCharacters {
  /// Letters of scripts with capitals.
  static let letters =
    #"\x{41}-\x{5A}\x{61}-\x{7A}\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}"#
    + #"\x{1C4}-\x{293}\x{295}-\x{2AF}\x{370}-\x{373}\x{376}\x{377}\x{37B}-\x{37D}\x{37F}\x{386}"#
    + #"\x{388}-\x{38A}\x{38C}\x{38E}-\x{3A1}\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F}\x{531}-\x{556}"#
    + #"\x{10A0}-\x{10C5}\x{13A0}-\x{13F5}\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF}"#
    + #"\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77}\x{1D79}-\x{1D9A}\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D}"#
    + #"\x{1F20}-\x{1F45}\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}\x{1F59}\x{1F5B}\x{1F5D}\x{1F5F}-\x{1F7D}"#
    + #"\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4}\x{1FC6}-\x{1FCC}\x{1FD0}-\x{1FD3}"#
    + #"\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4}\x{1FF6}-\x{1FFC}\x{2102}\x{2107}"#
    + #"\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124}\x{2126}\x{2128}\x{212A}-\x{212D}"#
    + #"\x{212F}-\x{2134}\x{2139}\x{213C}-\x{213F}\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}"#
    + #"\x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4}\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}\x{A640}-\x{A66D}"#
    + #"\x{A680}-\x{A69B}\x{A722}-\x{A76F}\x{A771}-\x{A787}\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF}"#
    + #"\x{FB00}-\x{FB06}\x{FB13}-\x{FB17}\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{10400}-\x{1044F}"#
    + #"\x{104B0}-\x{104D3}\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF}"#
    + #"\x{1E900}-\x{1E943}"#

  static let marks = #"\x{21}-\x{2F}\x{3A}-\x{7E}\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3000}-\x{3002}"#

  static let ideographs = #"[\x{4E00}-\x{9FA5}\x{800}-\x{4E00}\x{AC00}-\x{D7FF}]+"#
}
