import Backend
import Checkpoints
import Models
import Reference

/// Runs a prompt through a model on the reference, layer by layer, without an engine.
struct RunModel {
  /// [T, vocabulary]
  var logits: [Float] = []
  /// The input of each layer, then the output of the final norm, each [T, hidden].
  var hidden: [[Float]] = []
  /// [T, chosen] for each layer; empty where it is dense.
  var router: [[Int32]] = []

  init(_ checkpoint: Checkpoint, prompt: [Int32]) throws {
    try run(Families.load(checkpoint, on: ReferenceBackend(), positions: prompt.count), prompt)
  }

  private mutating func run<M: LanguageModel>(_ model: M, _ prompt: [Int32]) throws {
    let (backend, description) = (model.backend, model.description)
    let rows = prompt.count
    let shape = description.kvCache(blockCount: (rows + 15) / 16, blockSize: 16)
    var layout = BatchLayout()
    layout.append(tokens: prompt, firstPosition: 0, blocks: (0..<Int32(shape.blockCount)).reversed())
    let batch = try backend.prepare(layout, vocabulary: description.vocabularySize, cache: shape)
    let states = try backend.makeActivation(rows: rows, columns: description.hiddenSize, label: "hidden")
    let workspace = Workspace(backend, description)
    try model.embed(batch, rows: 0..<rows, into: states)
    for layer in 0..<description.layerCount {
      hidden.append(try backend.read(states, rows: 0..<rows))
      let cache = try backend.makeKVCache(shape, label: "cache")
      try model.runLayer(
        layer, hidden: states, batch: batch, rows: rows, phase: .prefill, cache: cache, workspace: workspace)
      router.append(description.isSparse[layer] ? try workspace.lastChoice(rows: 0..<rows) : [])
    }
    let final = try backend.makeActivation(rows: rows, columns: description.hiddenSize, label: "final")
    let values = try backend.makeActivation(rows: rows, columns: description.vocabularySize, label: "logits")
    try model.finalNorm(states, rows: rows, into: final)
    hidden.append(try backend.read(final, rows: 0..<rows))
    try model.logits(final, rows: rows, into: values)
    logits = try backend.read(values, rows: 0..<rows)
  }
}
