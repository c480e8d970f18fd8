package import Backend
package import Checkpoints

/// Writes a model as a GGUF file, its weights rounded to another format.
package struct Converter {
  /// Metadata, and tensors in the formats that they get.
  package let metadata: [(key: String, value: GGUFWriter.Value)]
  package let tensors: [GGUFWriter.Tensor]

  /// - Throws: for a model whose class, tokenizer or rotary scaling has no form in GGUF.
  package init(_ checkpoint: Checkpoint, _ choice: FormatChoice) throws {
    let sources: [RowSource]
    if let gguf = checkpoint.gguf {
      sources = gguf.tensors.map { RowSource($0) }
      metadata = Self.copiedMetadata(gguf, choice)
    } else {
      let model = try HuggingFaceModel(checkpoint)
      sources = try model.sources()
      metadata = try HuggingFaceMetadata(model).entries(choice)
    }
    tensors = sources.map { $0.tensor(as: choice.format(name: $0.name, shape: $0.shape, found: $0.format)) }
  }

  init(metadata: [(key: String, value: GGUFWriter.Value)], tensors: [GGUFWriter.Tensor]) {
    self.metadata = metadata
    self.tensors = tensors
  }

  /// How many tensors have each format, and their bytes; the most bytes first.
  package var formats: [(format: ElementFormat, tensors: Int, bytes: Int)] {
    Dictionary(grouping: tensors, by: \.format).map { format, tensors in
      (format, tensors.count, tensors.reduce(0) { $0 + $1.byteCount })
    }.sorted { ($1.bytes, $0.format.rawValue) < ($0.bytes, $1.format.rawValue) }
  }

  package func write(to path: String, progress: (_ done: Int, _ total: Int) -> Void) throws {
    try GGUFWriter.write(metadata: metadata, tensors: tensors, to: path, progress: progress)
  }

  /// All keys but those that say how the old file lay.
  static func copiedMetadata(
    _ gguf: GGUFModel, _ choice: FormatChoice?, without dropped: Set<String> = []
  ) -> [(key: String, value: GGUFWriter.Value)] {
    let own: Set = choice == nil ? ["general.alignment"] : Self.ownKeys
    let kept = gguf.metadata.keys.filter { !own.contains($0) && !dropped.contains($0) && !$0.hasPrefix("split.") }
    return kept.map { ($0, .copied(gguf.metadata.bytes($0))) } + (choice.map(formatKeys) ?? [])
  }

  private static let ownKeys: Set = ["general.alignment", "general.file_type", "general.quantization_version"]

  static func formatKeys(_ choice: FormatChoice) -> [(key: String, value: GGUFWriter.Value)] {
    [("general.file_type", .u32(choice.fileType)), ("general.quantization_version", .u32(2))]
  }
}
