import Checkpoints
package import Engine
import Models
import Scheduling

extension ExpertChoices {
  /// Runs a text through a model, and keeps what each layer's router chose for each token.
  ///
  /// A text longer than the context is cut; each part is a prompt of its own.
  ///
  /// - Parameter progress: told tokens done, and all.
  /// - Throws: `ProfilingError` for a model without experts, `EngineError` for what the model or the device cannot run.
  package init(
    of text: ProfileText, _ files: ModelFiles, on device: DeviceSelection,
    progress: @escaping @Sendable (Int, Int) -> Void
  ) async throws {
    let model = files.description
    guard model.isSparse.contains(true) else {
      throw ProfilingError("\(files.checkpoint.path): no layer has experts, expected a Mixture-of-Experts model")
    }
    let length = min(model.maxPositions, Self.promptTokens)
    let options = EngineOptions(device: device, policy: Layered(), cachePositions: length, expectedTokens: length)
    let engine = try Engine(files, tokenizer: nil, options: options)
    let parts = stride(from: 0, to: text.tokens.count, by: length).map {
      Array(text.tokens[$0..<min($0 + length, text.tokens.count)])
    }
    var layers = [[Int32]](repeating: [], count: model.layerCount)
    var done = 0
    for part in parts {
      progress(done, text.tokens.count)
      let request = GenerationRequest(prompt: part, maxTokens: 1, capture: CaptureOptions(router: true))
      for stream in try await engine.submit([request]) {
        for try await case .finished(let result) in stream {
          for (layer, choice) in (result.capture?.router ?? []).enumerated() { layers[layer] += choice }
        }
      }
      done += part.count
    }
    progress(done, text.tokens.count)
    self.init(source: text.source, experts: model.expertCount, chosen: model.chosenExperts, layers: layers)
  }

  /// Tokens that pass the model together.
  private static let promptTokens = 2048
}
