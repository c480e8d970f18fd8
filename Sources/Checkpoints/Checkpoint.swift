package import Backend
import JSON

/// A model's files: a Hugging Face folder with `config.json`, `generation_config.json` and the tensors of
/// `model.safetensors` or of the shards that `model.safetensors.index.json` names; or a GGUF file, which is shown as such a
/// folder would be, with the same names of fields and tensors.
///
/// Everything is checked when it is opened; the tensors' bytes stay on disk until they are used.
package final class Checkpoint: Sendable {
  /// The folder, or the GGUF file.
  package let path: String
  /// `config.json`, or what GGUF metadata say of it.
  package let configuration: JSONObject
  /// `generation_config.json`; what it leaves out comes from `config.json` and the defaults of `transformers`.
  package let generation: GenerationConfiguration
  /// The name of the model's class, the first of `architectures`: `Qwen3MoeForCausalLM`.
  package let architecture: String
  /// All tensors, sorted by name.
  package let tensors: [HostTensor]
  /// Bytes of all tensors.
  package let byteCount: Int
  /// What a GGUF file holds; nil for a folder.
  package let gguf: GGUFModel?
  private let indices: [String: Int]

  /// Opens the model at `path`, a folder or a GGUF file, of a split one the first.
  ///
  /// Throws if the folder, `config.json`, the weights or a shard are missing, if a file is not valid, or if the index
  /// and the shards do not agree.
  package convenience init(path: String) throws(CheckpointError) {
    if path.hasSuffix(".gguf") || (exists(path) && !isFolder(path) && GGUFFile.isGGUF(path)) {
      try self.init(gguf: GGUFModel(path: path))
    } else {
      try self.init(folder: path)
    }
  }

  /// Opens the Hugging Face model in `folder`.
  package convenience init(folder: String) throws(CheckpointError) {
    try Self.checkFolder(folder)
    let configuration = try JSONObject(file: "\(folder)/config.json")
    _ = try Self.architecture(configuration)
    let generationPath = "\(folder)/generation_config.json"
    let generationFile = exists(generationPath) ? try JSONObject(file: generationPath) : nil
    try self.init(
      path: folder, configuration, generation: GenerationConfiguration(generationFile, configuration: configuration),
      Self.readTensors(folder))
  }

  private convenience init(gguf: GGUFModel) throws(CheckpointError) {
    let configuration = try GGUFConfiguration(gguf)
    try self.init(
      path: gguf.path, configuration.json,
      generation: GenerationConfiguration(nil, configuration: configuration.json), gguf.namedTensors(configuration),
      gguf: gguf)
  }

  private init(
    path: String, _ configuration: JSONObject, generation: GenerationConfiguration, _ tensors: [HostTensor],
    gguf: GGUFModel? = nil
  ) throws(CheckpointError) {
    let tensors = tensors.sorted { $0.name < $1.name }
    var indices: [String: Int] = [:]
    var byteCount = 0
    for (index, tensor) in tensors.enumerated() {
      if let other = indices.updateValue(index, forKey: tensor.name) {
        throw CheckpointError(
          "\(tensor.source): tensor \(printable(tensor.name)): it is also in \(tensors[other].source), expected it once"
        )
      }
      byteCount += tensor.storedBytes
    }
    self.path = path
    self.configuration = configuration
    self.generation = generation
    architecture = try Self.architecture(configuration)
    self.tensors = tensors
    self.indices = indices
    self.byteCount = byteCount
    self.gguf = gguf
  }

  package func contains(_ name: String) -> Bool { indices[name] != nil }

  package func tensor(_ name: String) -> HostTensor? { indices[name].map { tensors[$0] } }

  /// The tensor `name`, which has exactly this `shape` and is stored in a format that weights can have.
  ///
  /// Throws if it is missing or otherwise; the text names the file, the tensor, and what it is.
  package func weight(_ name: String, shape: [Int]) throws(CheckpointError) -> HostTensor {
    guard let tensor = tensor(name) else {
      throw CheckpointError("\(path): tensor \(printable(name)): it is missing, expected one of shape \(shape)")
    }
    if tensor.shape != shape {
      throw CheckpointError(
        "\(tensor.source): tensor \(printable(name)): found shape \(tensor.shape), expected \(shape)")
    }
    guard tensor.format.isWeight else {
      let known = ElementFormat.weights.map(\.rawValue).joined(separator: ", ")
      throw CheckpointError(
        "\(tensor.source): tensor \(printable(name)): found dtype \(tensor.format.rawValue), expected one of \(known)")
    }
    return tensor
  }

  private static func architecture(_ configuration: JSONObject) throws(CheckpointError) -> String {
    guard let architecture = try configuration.strings("architectures").first, !architecture.isEmpty else {
      throw configuration.error("architectures", expected: "the name of a model class")
    }
    return architecture
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
