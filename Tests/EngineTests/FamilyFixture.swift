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
