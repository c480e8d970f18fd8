import Backend
import Checkpoints
import Foundation
import JSON
import TestSupport
import Testing

/// Files with random damage: each is refused by a `CheckpointError` or read within its bounds, and nothing crashes.
struct FuzzTests {
  /// Changes one to four places of `bytes` below `limit`: other bytes, bits or digits, and parts that go or come twice.
  private func damage(_ bytes: [UInt8], below limit: Int, using random: inout SplitMix64) -> [UInt8] {
    var result = bytes
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      guard !result.isEmpty else { break }
      let place = Int.random(in: 0..<min(limit, result.count), using: &random)
      let end = min(result.count, place + Int.random(in: 1...12, using: &random))
      switch Int.random(in: 0..<8, using: &random) {
      case 0: result[place] = UInt8.random(in: 0...255, using: &random)
      case 1: result[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 2: result[place] = Array("{}[]\",:-+.eE0123456789 \\".utf8).randomElement(using: &random) ?? 0
      case 3: result.removeSubrange(place..<end)
      case 4: result.insert(contentsOf: result[place..<end], at: place)
      case 5: result.insert(UInt8.random(in: 0x30...0x39, using: &random), at: place)
      default:
        // Most of what decides is in the digits of shapes and offsets.
        let digits = result.indices.filter { $0 < limit && (0x30...0x39).contains(result[$0]) }
        if let digit = digits.randomElement(using: &random) {
          result[digit] = UInt8.random(in: 0x30...0x39, using: &random)
        }
      }
    }
    return result
  }

  @Test func aDamagedSafetensorsFileIsRefusedOrReadInsideItsBounds() throws {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    let folder = try TemporaryFolder()
    let whole = SafetensorsFileTests.fromPython
    var accepted = 0
    var refused = 0
    for round in 0..<4_000 {
      let bytes = damage(whole, below: whole.count - 31, using: &random)
      let path = try folder.write("f.safetensors", bytes)
      do {
        let tensors = try SafetensorsFile(path: path).tensors
        accepted += 1
        // The specification has no gaps: one after another, the tensors are all that follows the header.
        let data = tensors.flatMap { Array($0.bytes) }
        #expect(data == Array(bytes.suffix(data.count)), "seed \(seed), round \(round)")
        let header = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(8 + header + data.count == bytes.count, "seed \(seed), round \(round)")
        for tensor in tensors {
          #expect(tensor.bytes.count == tensor.elementCount * tensor.format.byteCount, "seed \(seed), round \(round)")
        }
      } catch {
        refused += 1
        #expect(error.description.contains(path), "seed \(seed), round \(round)")
      }
    }
    // Damage to a name is none to the file.
    #expect(accepted > 0 && refused > 0, "seed \(seed): \(accepted) accepted, \(refused) refused")
  }

  @Test(arguments: ["config.json", "generation_config.json", "model.safetensors.index.json", "shard"])
  func aDamagedFolderIsRefusedOrReadInsideItsBounds(victim: String) throws {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    let folder = try TemporaryFolder()
    let tensors = (0..<6).map {
      HostTensor(name: "layers.\($0).mlp.gate.weight", format: .f32, shape: [2, 2], values: [1, 2, 3, 4] as [Float])
    }
    try TestModel.write(
      config: [
        "architectures": ["A"], "rope_parameters": ["rope_theta": 1e6, "rope_type": "default"], "bos_token_id": 1,
      ],
      tensors: tensors, shards: 3, to: folder)
    try folder.write(
      "generation_config.json", #"{"eos_token_id": [1, 2], "top_k": 5, "top_p": 0.9, "do_sample": true}"#)
    let name = victim == "shard" ? TestModel.shardName(1, of: 3) : victim
    let whole = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/\(name)")))
    var accepted = 0
    var refused = 0
    for round in 0..<1_000 {
      let bytes = damage(whole, below: whole.count, using: &random)
      try folder.write(name, bytes)
      do {
        let checkpoint = try Checkpoint(folder: folder.path)
        _ = try RopeConfiguration(checkpoint.configuration)
        accepted += 1
        let summary = CheckpointSummary(checkpoint)
        #expect(summary.total.byteCount == checkpoint.byteCount, "seed \(seed), round \(round)")
        let touched = checkpoint.tensors.reduce(0) { $0 + $1.bytes.reduce(0) { $0 + Int($1 & 1) } }
        #expect(touched <= checkpoint.byteCount, "seed \(seed), round \(round)")
        #expect(
          checkpoint.tensors.allSatisfy { $0.source.hasPrefix(folder.path + "/") }, "seed \(seed), round \(round)")
      } catch {
        refused += 1
        #expect(error.description.contains(folder.path), "seed \(seed), round \(round)")
      }
    }
    #expect(accepted > 0 && refused > 0, "seed \(seed): \(accepted) accepted, \(refused) refused")
  }
}
