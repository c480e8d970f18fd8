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
  package var attention: AttentionShape
  /// Experts of a sparse layer, and how many of them a token meets.
  package var expertCount: Int
  package var chosenExperts: Int
  /// Columns between the two products of an expert.
  package var expertIntermediateSize: Int
  /// The same of a dense layer.
  package var denseIntermediateSize: Int
  /// For each layer whether it has a router and experts.
  package var isSparse: [Bool]
  package var tiedEmbeddings: Bool

  /// Multiplied elements of one expert: gate, up and down projection.
  package var expertElements: Int { 3 * hiddenSize * expertIntermediateSize }

  package func kvCache(blockCount: Int, blockSize: Int) -> KVCacheShape {
    KVCacheShape(
      blockCount: blockCount, blockSize: blockSize, heads: attention.keyValueHeads, headSize: attention.headSize)
  }
}

/// A model or checkpoint that cannot be run; the text names the file and field, and what was expected.
package struct ModelError: Error, CustomStringConvertible, Sendable, Equatable {
  package let description: String

  package init(_ description: String) { self.description = description }
}
