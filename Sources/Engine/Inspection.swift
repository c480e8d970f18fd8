import Backend
import Checkpoints
import JSON
import Models

/// What a checkpoint holds, for a person or as JSON.
package struct Inspection: Sendable, Encodable {
  package struct Share: Sendable, Encodable {
    package var name: String
    package var tensors: Int
    package var parameters: Int
    package var bytes: Int

    init(_ share: CheckpointSummary.Share) {
      name = share.name
      tensors = share.tensorCount
      parameters = share.elementCount
      bytes = share.byteCount
    }
  }

  package struct GGUF: Sendable, Encodable {
    package struct Entry: Sendable, Encodable {
      package var key: String
      package var value: String
    }

    package var version: Int
    package var metadata: [Entry]
  }

  package struct Shape: Sendable, Encodable {
    package var layers: Int
    package var sparseLayers: Int
    package var hiddenSize: Int
    package var queryHeads: Int
    package var keyValueHeads: Int
    package var headSize: Int
    /// Elements of a compressed position of latent attention, which `headSize` is, that values are made of.
    package var latentRank: Int?
    /// Layers whose attention sees so many positions at most.
    package var windowLayers: Int
    package var window: Int?
    package var experts: Int
    package var expertsPerToken: Int
    package var expertIntermediateSize: Int
    package var denseIntermediateSize: Int
    package var sharedIntermediateSize: Int
    package var vocabularySize: Int
    package var contextLength: Int
    package var tiedEmbeddings: Bool
  }

  /// The folder or GGUF file.
  package var path: String
  package var architecture: String
  /// Of a GGUF file: its version, and its metadata, values in a few words.
  package var gguf: GGUF?
  /// Whether its architecture and configuration are such as `strata run` can run; if not, why.
  package var supported: Bool
  package var problem: String?
  package var shape: Shape?
  package var total: Share
  package var formats: [Share]
  package var parts: [Share]
  package var files: [Share]
  /// Parameters that one token meets, and their bytes: all but the embedding, of which it reads a row, and the experts
  /// that the router does not choose.
  package var activeParametersPerToken: Int?
  package var activeBytesPerToken: Int?
  /// Bytes that one position takes in the KV cache.
  package var cacheBytesPerPosition: Int?

  /// - Throws: what is wrong with the files. A family or configuration that cannot be run is not an error here.
  package init(path: String) throws {
    let checkpoint = try Checkpoint(path: path)
    let summary = CheckpointSummary(checkpoint)
    self.path = path
    architecture = checkpoint.architecture
    gguf = checkpoint.gguf.map { model in
      GGUF(
        version: model.version, metadata: model.metadata.summaries.map { GGUF.Entry(key: $0.key, value: $0.value) })
    }
    total = Share(summary.total)
    formats = summary.formats.map(Share.init)
    parts = summary.parts.map(Share.init)
    files = summary.files.map { share in
      var file = Share(share)
      if file.name.hasPrefix(path + "/") { file.name.removeFirst(path.count + 1) }
      return file
    }
    guard Families.isKnown(checkpoint.architecture) else {
      supported = false
      problem = "architecture \(checkpoint.architecture) is none of \(Families.architectures.joined(separator: ", "))"
      return
    }
    let model: ModelDescription
    do {
      model = try Families.describe(checkpoint)
    } catch {
      // What the files hold can be shown all the same.
      supported = false
      problem = "\(error)"
      return
    }
    supported = true
    shape = Shape(model)
    let active = parts.map { Self.active($0, model) }
    activeParametersPerToken = active.reduce(0) { $0 + $1.parameters }
    activeBytesPerToken = active.reduce(0) { $0 + $1.bytes }
    cacheBytesPerPosition = model.kvCache(blockCount: 1, blockSize: 1).byteCount * model.layerCount
  }

  /// What one token meets of a part.
  private static func active(_ part: Share, _ model: ModelDescription) -> (parameters: Int, bytes: Int) {
    switch part.name {
    case ModelPart.experts.rawValue:
      let (all, chosen) = (model.expertCount, model.chosenExperts)
      return (part.parameters / all * chosen, part.bytes / all * chosen)
    case ModelPart.embedding.rawValue where !model.tiedEmbeddings:
      return (part.parameters / model.vocabularySize, part.bytes / model.vocabularySize)
    default: return (part.parameters, part.bytes)
    }
  }

  package var lines: [String] {
    var lines = ["\(path): \(architecture)"]
    if let problem { lines.append("  not supported: \(problem)") }
    if let shape {
      lines += [
        "  layers        \(shape.layers), of which \(shape.sparseLayers) with experts; hidden size \(shape.hiddenSize)",
        "  attention     \(shape.attention); context \(shape.contextLength)",
        "  experts       \(shape.expertsText)",
        "  vocabulary    \(shape.vocabularySize), \(shape.tiedEmbeddings ? "tied" : "untied") embeddings",
      ]
    }
    if let gguf {
      lines.append("  GGUF version \(gguf.version)")
      let width = gguf.metadata.map(\.key.count).max() ?? 0
      for entry in gguf.metadata { lines.append("    \(pad(printable(entry.key), width))  \(printable(entry.value))") }
    }
    func table(_ title: String, _ shares: [Share]) {
      lines.append("  \(title)")
      let width = shares.map(\.name.count).max() ?? 0
      for share in shares {
        let counts = "\(share.tensors) tensors, \(share.parameters) parameters"
        lines.append("    \(pad(share.name, width))  \(pad(readable(share.bytes), 10))  \(counts)")
      }
    }
    table("by part", parts)
    table("by format", formats)
    table("by file", files)
    lines.append("  in all        \(total.tensors) tensors, \(total.parameters) parameters, \(readable(total.bytes))")
    if let activeParametersPerToken, let activeBytesPerToken {
      lines.append("  a token meets \(activeParametersPerToken) parameters, \(readable(activeBytesPerToken))")
    }
    if let cacheBytesPerPosition { lines.append("  KV cache      \(cacheBytesPerPosition) bytes a position (f32)") }
    return lines
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}

extension Inspection.Shape {
  fileprivate var attention: String {
    let heads =
      latentRank.map { "\(queryHeads) heads on compressed positions of \(headSize), of which \($0) make values" }
      ?? "\(queryHeads) query heads, \(keyValueHeads) key-value heads of \(headSize)"
    return heads + (window.map { ", a window of \($0) in \(windowLayers) layers" } ?? "")
  }

  fileprivate var expertsText: String {
    if sparseLayers == 0 { return "none: dense layers of \(denseIntermediateSize)" }
    return "\(experts) of \(expertIntermediateSize), \(expertsPerToken) a token"
      + (sharedIntermediateSize > 0 ? ", and one of \(sharedIntermediateSize) for all" : "")
  }

  fileprivate init(_ model: ModelDescription) {
    self.init(
      layers: model.layerCount, sparseLayers: model.isSparse.count(where: \.self), hiddenSize: model.hiddenSize,
      queryHeads: model.attention.queryHeads, keyValueHeads: model.attention.keyValueHeads,
      headSize: model.attention.headSize, latentRank: model.latent?.rank,
      windowLayers: model.windows.count { $0 != nil }, window: model.windows.compactMap(\.self).first,
      experts: model.expertCount, expertsPerToken: model.chosenExperts,
      expertIntermediateSize: model.expertIntermediateSize, denseIntermediateSize: model.denseIntermediateSize,
      sharedIntermediateSize: model.sharedIntermediateSize,
      vocabularySize: model.vocabularySize, contextLength: model.maxPositions, tiedEmbeddings: model.tiedEmbeddings)
  }
}
