package import Backend
package import Checkpoints

/// The model families, by the architecture that `config.json` names. A new family is one file and one entry here.
package enum Families {
  static let all: [any ModelFamily.Type] = [
    Qwen3MoE.self, GPTOSS.self, OLMoE.self, Mixtral.self, Qwen2MoE.self, DeepSeek.self, GraniteMoE.self, Llama.self,
    Qwen3.self,
  ]

  package static var architectures: [String] { all.flatMap { $0.architectures } }
  package static func isKnown(_ architecture: String) -> Bool { architectures.contains(architecture) }

  /// The shape of the checkpoint's model.
  /// - Throws: `ModelError` for an architecture that is none of these, `CheckpointError` for a field that is not valid.
  package static func describe(_ checkpoint: Checkpoint) throws -> ModelDescription {
    try family(of: checkpoint).configuration.description
  }

  /// Loads the checkpoint's weights to `backend`, for sequences of up to `positions` positions.
  package static func load<B: Backend>(
    _ checkpoint: Checkpoint, on backend: B, positions: Int, progress: @escaping LoadProgress = { _, _ in }
  ) throws -> any LanguageModel<B> {
    try DecoderModel(family(of: checkpoint), checkpoint, on: backend, positions: positions, progress: progress)
  }

  private static func family(of checkpoint: Checkpoint) throws -> any ModelFamily {
    guard let family = all.first(where: { $0.architectures.contains(checkpoint.architecture) }) else {
      throw ModelError(
        "\(checkpoint.configuration.source): field architectures: \"\(checkpoint.architecture)\" is not supported, "
          + "expected \(architectures.joined(separator: " or "))")
    }
    return try family.init(checkpoint.configuration, architecture: checkpoint.architecture)
  }
}
