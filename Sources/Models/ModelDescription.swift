package import Backend

/// What the engine, the scheduler and reports need to know of a model; derived once from its checked configuration.
package struct ModelDescription: Sendable, Equatable {
  /// As in `config.json`, for example `Qwen3MoeForCausalLM`.
  package var architecture: String
  package var layerCount: Int
  package var hiddenSize: Int
  package var vocabularySize: Int
  /// Positions that the model was made for: prompt and generated tokens together.
  package var maxPositions: Int
  /// Of a layer without a window.
  package var attention: AttentionShape
  /// For each layer the positions that a row sees at most, its own with them; nil for all.
  package var windows: [Int?]
  /// Columns of a head that are rotated by position.
  package var rotaryColumns: Int
  /// Of multi-head latent attention; `attention` is its absorbed form.
  package var latent: LatentAttentionShape?
  /// Experts of a sparse layer, and how many of them a token meets; 1 in a model without sparse layers.
  package var expertCount: Int
  package var chosenExperts: Int
  /// Columns between the two products of an expert.
  package var expertIntermediateSize: Int
  /// The same of a dense layer, and of the expert that every token meets besides in a sparse one; 0 if there is none.
  package var denseIntermediateSize: Int
  package var sharedIntermediateSize: Int
  /// For each layer whether it has a router and experts.
  package var isSparse: [Bool]
  package var tiedEmbeddings: Bool

  /// Multiplied elements of one expert: gate, up and down projection.
  package var expertElements: Int { 3 * hiddenSize * expertIntermediateSize }

  package func kvCache(blockCount: Int, blockSize: Int) -> KVCacheShape {
    KVCacheShape(
      blockCount: blockCount, blockSize: blockSize, heads: attention.keyValueHeads, headSize: attention.headSize,
      hasValues: attention.valuePrefix == nil)
  }

  /// Attention of layer `index`.
  package func attention(ofLayer index: Int) -> AttentionShape {
    var shape = attention
    shape.window = windows[index]
    return shape
  }
}

/// A model or checkpoint that cannot be run; the text names the file and field, and what was expected.
package struct ModelError: Error, CustomStringConvertible, Sendable, Equatable {
  package let description: String

  package init(_ description: String) { self.description = description }
}
