import Backend
import Checkpoints
import Conversion
import Foundation
import JSON
import TestSupport
import Testing

/// What `strata convert` writes, read back.
struct ConverterTests {
  private func convert(
    _ input: String, _ type: ElementFormat, expertsOnly: Bool = false, to folder: TemporaryFolder,
    as name: String = "out.gguf"
  ) throws -> Checkpoint {
    let path = "\(folder.path)/\(name)"
    let converter = try Converter(Checkpoint(path: input), FormatChoice(type: type, expertsOnly: expertsOnly))
    try converter.write(to: path) { _, _ in }
    return try Checkpoint(path: path)
  }

  @Test func aFolderAndItsFileHaveTheSameFieldsAndTensors() throws {
    let folder = try TemporaryFolder()
    let before = try Checkpoint(path: Fixtures.path("tiny-moe"))
    let after = try convert(before.path, .bf16, to: folder)
    #expect(after.architecture == before.architecture)
    #expect(after.tensors.map(\.name) == before.tensors.map(\.name))
    for (a, b) in zip(after.tensors, before.tensors) {
      #expect(a.shape == b.shape && a.floats() == b.floats(), "\(a.name)")
    }
    for field in [
      "num_hidden_layers", "hidden_size", "num_attention_heads", "num_key_value_heads", "head_dim", "vocab_size",
      "max_position_embeddings", "num_experts", "num_experts_per_tok", "moe_intermediate_size", "intermediate_size",
    ] {
      #expect(try after.configuration.int(field) == before.configuration.int(field), "\(field)")
    }
    #expect(try after.configuration.bool("tie_word_embeddings"))
    #expect(try Float(after.configuration.double("rms_norm_eps")) == 1e-6)
    #expect(try after.configuration.double("rope_theta") == 10_000)
    #expect(after.generation.eosTokens == [0] && after.generation.bosToken == 0)
  }

  @Test func theTokenizerGoesIntoTheFile() throws {
    let folder = try TemporaryFolder()
    let metadata = try #require(try convert(Fixtures.path("tiny-moe"), .q80, to: folder).gguf).metadata
    #expect(try metadata.string("tokenizer.ggml.model") == "gpt2")
    #expect(try metadata.string("tokenizer.ggml.pre") == "gpt-2")
    let tokens = try #require(try metadata.optionalStrings("tokenizer.ggml.tokens"))
    #expect(tokens.count == 2_048 && tokens[0] == "<|endoftext|>")
    #expect(try metadata.optionalInts("tokenizer.ggml.token_type")?.prefix(4) == [3, 3, 3, 1])
    #expect(try metadata.optionalStrings("tokenizer.ggml.merges")?.prefix(3) == ["t h", "Ġ th", "Ġ a"])
    #expect(try metadata.optionalBool("tokenizer.ggml.add_bos_token") == true)
  }

  /// The patterns of GPT-OSS, DeepSeek-V3 and Qwen2, as their tokenizer.json have them.
  @Test(arguments: [
    (
      "gpt-4o",
      [
        #"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#
          + #"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?"#
          + #"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
      ]
    ),
    (
      "deepseek-v3",
      [
        #"\p{N}{1,3}"#, "[一-龥぀-ゟ゠-ヿ]+",
        ##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+"##
          + #"| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#,
      ]
    ),
    (
      "qwen2",
      [
        #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+"#
          + #"|\s+(?!\S)|\s+"#
      ]
    ),
  ])
  func waysToSplitTextHaveTheirNames(name: String, patterns: [String]) throws {
    let folder = try TemporaryFolder()
    let steps = try patterns.map { pattern in
      #"{"type":"Split","behavior":"Isolated","invert":false,"pattern":{"Regex":\#(String(decoding: try JSONEncoder().encode(pattern), as: UTF8.self))}}"#
    }
    for file in ["config.json", "model.safetensors"] {
      try folder.write(file, try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("tiny-moe/\(file)"))))
    }
    try folder.write(
      "tokenizer.json",
      #"{"model":{"type":"BPE","vocab":{"a":0},"merges":[]},"pre_tokenizer":{"type":"Sequence","pretokenizers":["#
        + (steps + [#"{"type":"ByteLevel","use_regex":false}"#]).joined(separator: ",") + "]}}")
    let metadata = try #require(try convert(folder.path, .q40, to: folder).gguf).metadata
    #expect(try metadata.string("tokenizer.ggml.pre") == name)
  }

  /// ‖rounded − weights‖ / ‖weights‖, by the number of steps that a format has in its range.
  @Test(arguments: [(ElementFormat.q80, 0.01), (.q40, 0.12), (.mxfp4, 0.16), (.f16, 0.001), (.f32, 0)])
  func weightsAreRounded(type: ElementFormat, bound: Double) throws {
    let folder = try TemporaryFolder()
    let before = try Checkpoint(path: Fixtures.path("tiny-moe"))
    let after = try convert(before.path, type, to: folder)
    for tensor in after.tensors {
      let expected = try #require(before.tensor(tensor.name)).floats()
      let isVector = tensor.shape.count == 1 || tensor.name.hasSuffix("mlp.gate.weight")
      #expect(tensor.format == (isVector ? .f32 : type), "\(tensor.name)")
      #expect(relativeError(tensor.floats(), expected) <= (isVector ? 0 : bound), "\(tensor.name)")
    }
  }

  @Test func onlyExpertsChange() throws {
    let folder = try TemporaryFolder()
    let after = try convert(Fixtures.path("tiny-moe"), .q40, expertsOnly: true, to: folder)
    for tensor in after.tensors where tensor.shape.count == 2 && !tensor.name.hasSuffix("mlp.gate.weight") {
      #expect(tensor.format == (tensor.name.contains("experts") ? .q40 : .bf16), "\(tensor.name)")
    }
  }

  /// Rows of 192 and 64 elements are no blocks of 256.
  @Test func rowsThatAreNoBlocksGetSmallerOnes() throws {
    let folder = try TemporaryFolder()
    let after = try convert(Fixtures.path("tiny-moe"), .q4K, to: folder)
    #expect(Set(after.tensors.map(\.format)) == [.q40, .f32])
  }

  @Test func aFileOfAFileKeepsItsKeysAndNames() throws {
    let folder = try TemporaryFolder()
    let first = try convert(Fixtures.path("tiny-moe"), .f32, to: folder, as: "first.gguf")
    let second = try convert(first.path, .q80, to: folder, as: "second.gguf")
    let direct = try convert(Fixtures.path("tiny-moe"), .q80, to: folder, as: "direct.gguf")
    #expect(try #require(second.gguf).metadata.keys.sorted() == #require(direct.gguf).metadata.keys.sorted())
    for (a, b) in zip(second.tensors, direct.tensors) {
      #expect(a.name == b.name && Array(a.bytes) == Array(b.bytes), "\(a.name)")
    }
  }

  /// The rows of queries and keys of a Llama are turned, and turned back.
  @Test func headsOfALlamaComeBackInTheirOrder() throws {
    let folder = try TemporaryFolder()
    func tensor(_ name: String, _ shape: [Int]) -> HostTensor {
      HostTensor(
        name: name, format: .f32, shape: shape, values: (0..<shape.reduce(1, *)).map { Float($0) })
    }
    let names = ["input_layernorm", "post_attention_layernorm"].map { ("model.layers.0.\($0).weight", [8]) }
    let matrices = [
      ("self_attn.q_proj", [8, 8]), ("self_attn.k_proj", [4, 8]), ("self_attn.v_proj", [4, 8]),
      ("self_attn.o_proj", [8, 8]), ("mlp.gate_proj", [6, 8]), ("mlp.up_proj", [6, 8]), ("mlp.down_proj", [8, 6]),
    ].map { ("model.layers.0.\($0.0).weight", $0.1) }
    let others = [("model.embed_tokens.weight", [5, 8]), ("model.norm.weight", [8]), ("lm_head.weight", [5, 8])]
    try TestModel.write(
      config: [
        "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 1, "hidden_size": 8, "num_attention_heads": 2,
        "num_key_value_heads": 1, "intermediate_size": 6, "vocab_size": 5, "max_position_embeddings": 16,
        "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
      ], tensors: (names + matrices + others).map { tensor($0.0, $0.1) }, to: folder)
    let before = try Checkpoint(path: folder.path)
    let after = try convert(folder.path, .f32, to: folder)
    #expect(after.tensors.map(\.name) == before.tensors.map(\.name))
    for (a, b) in zip(after.tensors, before.tensors) { #expect(a.floats() == b.floats(), "\(a.name)") }
    // In the file the halves of a head alternate: rows 0, 2, 1, 3 of a head of four.
    let stored = try #require(after.gguf?.tensors.first { $0.name == "blk.0.attn_q.weight" })
    #expect((0..<4).map { stored.float(at: $0 * 8) } == [0, 16, 8, 24])
  }

  @Test func whatHasNoFormInGGUFIsNamed() throws {
    let folder = try TemporaryFolder()
    try TestModel.write(config: ["architectures": ["OtherForCausalLM"]], tensors: [], to: folder)
    let error = #expect(throws: CheckpointError.self) { _ = try convert(folder.path, .q80, to: folder) }
    #expect(error?.description.contains("architectures") == true && error?.description.contains("Other") == true)
  }
}
