import Backend
import Checkpoints
import Conversion
import Foundation
import JSON
import TestSupport
import Testing

struct UpcyclerTests {
  private let folder: TemporaryFolder
  private let dense: Checkpoint

  init() throws {
    folder = try TemporaryFolder()
    var random = SplitMix64(seed: 3)
    func tensor(_ name: String, _ shape: [Int]) -> HostTensor {
      let values = (0..<shape.reduce(1, *)).map { _ in Float.random(in: -1...1, using: &random) }
      return HostTensor(name: name, format: .f32, shape: shape, values: values)
    }
    var tensors = [
      tensor("model.embed_tokens.weight", [5, 32]), tensor("model.norm.weight", [32]),
      tensor("lm_head.weight", [5, 32]),
    ]
    for layer in 0..<2 {
      let own = "model.layers.\(layer)."
      let shapes = [
        "input_layernorm": [32], "post_attention_layernorm": [32], "self_attn.q_proj": [32, 32],
        "self_attn.k_proj": [16, 32], "self_attn.v_proj": [16, 32], "self_attn.o_proj": [32, 32],
        "mlp.gate_proj": [64, 32], "mlp.up_proj": [64, 32], "mlp.down_proj": [32, 64],
      ]
      for (name, shape) in shapes.sorted(by: { $0.key < $1.key }) {
        tensors.append(tensor("\(own)\(name).weight", shape))
      }
    }
    try TestModel.write(
      config: [
        "architectures": ["LlamaForCausalLM"], "num_hidden_layers": 2, "hidden_size": 32, "num_attention_heads": 2,
        "num_key_value_heads": 1, "intermediate_size": 64, "vocab_size": 5, "max_position_embeddings": 16,
        "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
      ], tensors: tensors, to: folder)
    let path = "\(folder.path)/dense.gguf"
    try Converter(Checkpoint(path: folder.path), FormatChoice(type: .f32)).write(to: path) { _, _ in }
    dense = try Checkpoint(path: path)
  }

  private func upcycle(_ type: ElementFormat, seed: UInt64 = 1) throws -> Checkpoint {
    let path = "\(folder.path)/sparse.gguf"
    try Upcycler(dense, experts: 3, used: 2, type: type, seed: seed).converter.write(to: path) { _, _ in }
    return try Checkpoint(path: path)
  }

  /// down(silu(gate x) ⊙ (up x)), in Double.
  private func network(_ tensors: [[Float]], _ x: [Float]) -> [Double] {
    func product(_ weights: [Float], _ x: [Double]) -> [Double] {
      (0..<weights.count / x.count).map { row in
        x.indices.reduce(0) { $0 + Double(weights[row * x.count + $1]) * x[$1] }
      }
    }
    let x = x.map(Double.init)
    let inner = zip(product(tensors[0], x), product(tensors[1], x)).map { $0 / (1 + exp(-$0)) * $1 }
    return product(tensors[2], inner)
  }

  @Test func everyExpertIsTheDenseNetworkInAnotherOrder() throws {
    let sparse = try upcycle(.f32)
    #expect(sparse.architecture == "MixtralForCausalLM")
    #expect(try sparse.configuration.int("num_local_experts") == 3)
    #expect(try sparse.configuration.int("num_experts_per_tok") == 2)
    let x = (0..<32).map { sin(Float($0)) }
    for layer in 0..<2 {
      let own = "model.layers.\(layer)."
      func dense(_ name: String) throws -> [Float] {
        try #require(self.dense.tensor("\(own)mlp.\(name)_proj.weight")).floats()
      }
      let expected = network([try dense("gate"), try dense("up"), try dense("down")], x)
      var gates: Set<[Float]> = [try dense("gate")]
      for expert in 0..<3 {
        let tensors = try ["w1", "w3", "w2"].map {
          try #require(sparse.tensor("\(own)block_sparse_moe.experts.\(expert).\($0).weight")).floats()
        }
        for (a, b) in zip(network(tensors, x), expected) { #expect(abs(a - b) < 1e-12 * max(1, abs(b))) }
        gates.insert(tensors[0])
      }
      #expect(gates.count == 4, "no two orders are the same")
      let router = try #require(sparse.tensor("\(own)block_sparse_moe.gate.weight"))
      #expect(router.shape == [3, 32] && Set(router.floats()).count == 96)
    }
  }

  /// Blocks of 32 neurons change places; what they hold stays, to the last bit.
  @Test func withoutATypeNothingIsRounded() throws {
    let path = "\(folder.path)/q8.gguf"
    try Converter(dense, FormatChoice(type: .q80)).write(to: path) { _, _ in }
    let small = try Checkpoint(path: path)
    let out = "\(folder.path)/sparse.gguf"
    try Upcycler(small, experts: 5, used: 2, type: nil, seed: 1).converter.write(to: out) { _, _ in }
    let sparse = try Checkpoint(path: out)
    let blocks = { (tensor: HostTensor) in
      stride(from: 0, to: tensor.bytes.count, by: 34).map { Array(tensor.bytes[$0..<$0 + 34]) }
    }
    for (name, own) in [("gate_proj", "w1"), ("up_proj", "w3"), ("down_proj", "w2")] {
      let before = try #require(small.tensor("model.layers.1.mlp.\(name).weight"))
      for expert in 0..<5 {
        let after = try #require(sparse.tensor("model.layers.1.block_sparse_moe.experts.\(expert).\(own).weight"))
        #expect(after.format == .q80 && Set(blocks(after)) == Set(blocks(before)))
      }
    }
  }

  @Test func everythingElseStays() throws {
    let sparse = try upcycle(.f32)
    for tensor in dense.tensors where !tensor.name.contains(".mlp.") {
      let other = try #require(sparse.tensor(tensor.name), "\(tensor.name)")
      #expect(other.floats() == tensor.floats(), "\(tensor.name)")
    }
  }

  @Test func aSeedGivesTheSameFile() throws {
    func bytes(_ seed: UInt64) throws -> [UInt8] {
      _ = try upcycle(.q80, seed: seed)
      return Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/sparse.gguf")))
    }
    let first = try bytes(1)
    #expect(try bytes(1) == first)
    #expect(try bytes(2) != first)
  }

  @Test func whatIsNoDenseFileIsRefused() throws {
    let sparse = try upcycle(.q80)
    let error = #expect(throws: CheckpointError.self) {
      _ = try Upcycler(sparse, experts: 2, used: 1, type: .q80, seed: 1)
    }
    #expect(error?.description.contains("general.architecture") == true)
    #expect(throws: ConversionError.self) {
      _ = try Upcycler(Checkpoint(path: folder.path), experts: 2, used: 1, type: .q80, seed: 1)
    }
  }
}
