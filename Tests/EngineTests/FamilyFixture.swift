import Backend
import Checkpoints
import Engine
import TestSupport
import Testing

/// A family's random checkpoint with Hugging Face's results: see `Tests/Fixtures/README.md`.
struct FamilyFixture {
  static let names = [
    "qwen3_moe", "gpt_oss", "gpt_oss_mxfp4", "olmoe", "mixtral", "qwen2_moe", "granitemoe", "deepseek_v2",
  ]
  /// Made by `make_families.py`.
  static let odd = [
    "llama_odd", "qwen3_odd", "gpt_oss_odd", "qwen2_moe_odd", "deepseek_v2_odd", "deepseek_v3_odd",
  ]
  /// Tokens of the prompts.
  static let lengths = [1, 7, 33, 130]

  let name: String
  let files: ModelFiles
  private let reference: SafetensorsFile

  init(_ name: String) throws {
    self.name = name
    files = try ModelFiles(path: Fixtures.path(name))
    reference = try SafetensorsFile(path: Fixtures.path("\(name)/reference.safetensors"))
  }

  func tensor(_ name: String, _ length: Int) -> HostTensor? {
    reference.tensors.first { $0.name == "t\(length).\(name)" }
  }

  func expected(_ name: String, _ length: Int) throws -> HostTensor {
    try #require(tensor(name, length), "the fixture has no t\(length).\(name)")
  }
}

/// The experts of each row by number: DeepSeek's routers do not order theirs.
func sortedChoices(_ experts: [Int32], _ chosen: Int) -> [[Int32]] {
  stride(from: 0, to: experts.count, by: chosen).map { experts[$0..<min($0 + chosen, experts.count)].sorted() }
}
