package import Backend
import JSON

/// A Hugging Face model folder: `config.json`, `generation_config.json` and the tensors of `model.safetensors` or of the
/// shards that `model.safetensors.index.json` names.
///
/// Everything is checked when it is opened; the tensors' bytes stay on disk until they are used.
package final class Checkpoint: Sendable {
  package let folder: String
  /// `config.json`.
  package let configuration: JSONObject
  /// `generation_config.json`; what it leaves out comes from `config.json` and the defaults of `transformers`.
  package let generation: GenerationConfiguration
  /// The name of the model's class, the first of `architectures`: `Qwen3MoeForCausalLM`.
  package let architecture: String
  /// All tensors, sorted by name.
  package let tensors: [HostTensor]
  /// Bytes of all tensors.
  package let byteCount: Int
  private let indices: [String: Int]

  /// Opens the model in `folder`.
  ///
  /// Throws if the folder, `config.json`, the weights or a shard are missing, if a file is not valid, or if the index
  /// and the shards do not agree.
  package init(folder: String) throws(CheckpointError) {
    try Self.checkFolder(folder)
    let configuration = try JSONObject(file: "\(folder)/config.json")
    guard let architecture = try configuration.strings("architectures").first, !architecture.isEmpty else {
      throw configuration.error("architectures", expected: "the name of a model class")
    }
    let generationPath = "\(folder)/generation_config.json"
    let generationFile = exists(generationPath) ? try JSONObject(file: generationPath) : nil
    generation = try GenerationConfiguration(generationFile, configuration: configuration)

    let tensors = try Self.readTensors(folder).sorted { $0.name < $1.name }
    var indices: [String: Int] = [:]
    var byteCount = 0
    for (index, tensor) in tensors.enumerated() {
      if let other = indices.updateValue(index, forKey: tensor.name) {
        throw CheckpointError(
          "\(tensor.source): tensor \(printable(tensor.name)): it is also in \(tensors[other].source), expected it once"
        )
      }
      byteCount += tensor.bytes.count
    }
    self.folder = folder
    self.configuration = configuration
    self.architecture = architecture
    self.tensors = tensors
    self.indices = indices
    self.byteCount = byteCount
  }

  package func contains(_ name: String) -> Bool { indices[name] != nil }

  package func tensor(_ name: String) -> HostTensor? { indices[name].map { tensors[$0] } }

  /// The tensor `name`, which has exactly this `shape` and is stored as bf16, f16 or f32.
  ///
  /// Throws if it is missing or otherwise; the text names the file, the tensor, and what it is.
  package func weight(_ name: String, shape: [Int]) throws(CheckpointError) -> HostTensor {
    guard let tensor = tensor(name) else {
      throw CheckpointError("\(folder): tensor \(printable(name)): it is missing, expected one of shape \(shape)")
    }
    if tensor.shape != shape {
      throw CheckpointError(
        "\(tensor.source): tensor \(printable(name)): found shape \(tensor.shape), expected \(shape)")
    }
    switch tensor.format {
    case .bf16, .f16, .f32: return tensor
    default:
      throw CheckpointError(
        "\(tensor.source): tensor \(printable(name)): found dtype \(tensor.format.rawValue), expected BF16, F16 or F32")
    }
  }

  private static func checkFolder(_ folder: String) throws(CheckpointError) {
    if !exists(folder) { throw CheckpointError("\(printable(folder)): no such folder") }
    if !isFolder(folder) { throw CheckpointError("\(folder): found a file, expected a model's folder") }
    if !exists("\(folder)/config.json") {
      throw CheckpointError("\(folder): config.json is missing, expected a Hugging Face model's folder")
    }
  }

  /// Of a single file and an index, the single file counts, as in `transformers`.
  private static func readTensors(_ folder: String) throws(CheckpointError) -> [HostTensor] {
    let single = "\(folder)/model.safetensors"
    if exists(single) { return try SafetensorsFile(path: single).tensors }
    let index = "\(folder)/model.safetensors.index.json"
    if exists(index) { return try ShardIndex(path: index).readTensors(folder: folder) }
    throw CheckpointError(
      "\(folder): found no weights, expected model.safetensors or model.safetensors.index.json with its shards")
  }
}
