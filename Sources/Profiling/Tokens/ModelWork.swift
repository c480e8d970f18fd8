import Backend
import Checkpoints
package import Engine
import Models

/// What a model has to compute for tokens, and which kernels read which of its weights; from its tensors and its description.
package struct ModelWork: Sendable {
  /// Weights that are multiplied with each token in each layer: those of all layers together, and of chosen experts only.
  private var attentionElements = 0.0
  private var denseElements = 0.0
  private var expertElements = 0.0
  private var headElements = 0.0
  /// Bytes that a pass reads of what is not an expert.
  private var projectionBytes = 0.0
  private var denseBytes = 0.0
  /// Of experts: gate and up, and down.
  private var gateUpBytes = 0.0
  private var downBytes = 0.0
  private let files: ModelFiles

  package init(_ files: ModelFiles) {
    self.files = files
    let model = files.description
    let chosen = Double(model.chosenExperts) / Double(max(model.expertCount, 1))
    for tensor in files.checkpoint.tensors
    where tensor.shape.count >= 2 && !tensor.name.hasSuffix("bias") && !tensor.name.hasSuffix("_scales") {
      let (elements, bytes) = (Double(tensor.elementCount), Double(tensor.storedBytes))
      switch ModelPart(tensorName: tensor.name) {
      case .embedding where !model.tiedEmbeddings, .norms: continue
      case .embedding, .head:
        headElements += elements
        projectionBytes += bytes
      case .attention, .router, .other:
        attentionElements += elements
        projectionBytes += bytes
      case .denseMLP:
        denseElements += elements
        denseBytes += bytes
      case .experts:
        expertElements += elements * chosen
        let isDown = ["down", "w2", "output_linear"].contains { tensor.name.contains($0) }
        if isDown { downBytes += bytes } else { gateUpBytes += bytes }
      }
    }
  }

  /// Floating-point operations of a test; a multiplication and an addition are two.
  package func operations(_ test: TokenTest) -> Operations {
    let rows = Double(test.tokens)
    // Logits of each decoded token, and of a prompt's last one.
    let logits = Double(test.requests * (test.generatedTokens + (test.promptTokens > 0 ? 1 : 0)))
    return Operations(
      projections: 2 * (rows * attentionElements + logits * headElements),
      feedForward: 2 * rows * (denseElements + expertElements),
      attention: Double(test.requests) * (attention(positions: test.positions) - attention(positions: test.depth)))
  }

  /// Scores and weighted sums of all positions of a sequence, over all layers.
  private func attention(positions: Int) -> Double {
    let model = files.description
    let each = Double(2 * model.attention.queryHeads * (model.attention.headSize + model.attention.valueSize))
    return (0..<model.layerCount).reduce(0.0) { sum, layer in
      let window = min(model.windows[layer] ?? positions, positions)
      // The first rows see 1, 2, 3 … positions, the others a whole window.
      return sum + each * (Double(window * (window + 1)) / 2 + Double((positions - window) * window))
    }
  }

  /// By what computes them.
  package struct Operations: Sendable, Equatable {
    package var projections: Double
    package var feedForward: Double
    package var attention: Double

    package var total: Double { projections + feedForward + attention }
  }

  /// The share of a pass' bytes outside of experts that belongs to dense feed-forward layers.
  var denseShare: Double { projectionBytes + denseBytes > 0 ? denseBytes / (projectionBytes + denseBytes) : 0 }
  /// The share of an expert's bytes, and of a dense feed-forward layer's, that its first product reads.
  var gateUpShare: Double {
    gateUpBytes + downBytes > 0 ? gateUpBytes / (gateUpBytes + downBytes) : Self.gateUpElements
  }
  /// Of three matrices of one size.
  static let gateUpElements = 2.0 / 3
}
