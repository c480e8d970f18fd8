import Backend
import Checkpoints

/// A layer of a decoder-only model.
struct DecoderLayer<B: Backend> {
  var attention: any AttentionLayer<B>
  var feedForward: FeedForwardBlock<B>
}

/// A decoder-only transformer: embedding, layers, norm and LM head. Families differ in configuration and layers alone.
final class DecoderModel<B: Backend>: LanguageModel {
  let backend: B
  let description: ModelDescription
  let expertBytes: [Int]

  private let configuration: DecoderConfiguration
  private let embedding: B.Matrix
  private let layers: [DecoderLayer<B>]
  private let norm: B.Vector
  private let head: B.Matrix

  /// - Throws: `CheckpointError` for a tensor that is missing or wrong, the backend's errors for what it cannot hold.
  init(
    _ family: some ModelFamily, _ checkpoint: Checkpoint, on backend: B, positions: Int,
    progress: @escaping LoadProgress
  ) throws {
    let configuration = family.configuration
    let model = configuration.description
    var loader = ModelLoader(backend, checkpoint, configuration, progress: progress)
    self.backend = backend
    self.configuration = configuration
    description = model
    var rope = configuration.rope
    if checkpoint.contains("rope_freqs.weight") {
      rope.scaling = .divided(try loader.values("rope_freqs.weight", shape: [model.rotaryColumns / 2]))
    }
    let rotary = try backend.loadVector(
      rotaryTable(
        positions: min(positions, model.maxPositions), columns: model.rotaryColumns, rope),
      label: "rotary")
    embedding = try loader.matrix(
      "embedding", [("model.embed_tokens.weight", model.vocabularySize)], columns: model.hiddenSize)
    layers = try (0..<model.layerCount).map { try family.layer($0, rotary: rotary, &loader) }
    norm = try loader.vector("model.norm.weight", count: model.hiddenSize)
    head =
      model.tiedEmbeddings
      ? embedding
      : try loader.matrix("head", [("lm_head.weight", model.vocabularySize)], columns: model.hiddenSize)
    expertBytes = layers.enumerated().map { index, layer in
      model.isSparse[index] ? backend.byteCount(ofExpert: layer.feedForward.experts) : 0
    }
  }

  func embed(_ batch: B.Batch, rows: Range<Int>, into hidden: B.Activation) throws {
    try backend.embed(batch, rows: rows, table: embedding, scale: configuration.embeddingScale, into: hidden)
  }

  func runLayer(
    _ index: Int, hidden: B.Activation, batch: B.Batch, rows: Int, phase: Phase, cache: B.KVCache,
    workspace: Workspace<B>
  ) throws {
    let buffers = try workspace.buffers(rows: rows)
    try layers[index].attention.run(
      backend, hidden: hidden, batch: batch, rows: rows, cache: cache, buffers: buffers)
    try layers[index].feedForward.run(
      backend, layer: index, hidden: hidden, rows: rows, phase: phase, buffers: buffers)
  }

  func finalNorm(_ hidden: B.Activation, rows: Int, into final: B.Activation) throws {
    try backend.rmsNorm(hidden, weight: norm, epsilon: configuration.epsilon, rows: rows, into: final)
  }

  func logits(_ final: B.Activation, rows: Int, into logits: B.Activation) throws {
    try backend.linear(
      final, head, options: LinearOptions(scale: configuration.logitScale), rows: rows, into: logits)
  }
}
