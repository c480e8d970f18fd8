package import Backend
package import Checkpoints

/// The model families, by the architecture that `config.json` names. A new family is one file, one entry and one case here.
package enum Families {
  /// A family's entry.
  package struct Family: Sendable {
    package let architecture: String
    /// Checks the configuration and derives the model's shape from it.
    package let describe: @Sendable (Checkpoint) throws -> ModelDescription
  }

  package static let all: [Family] = [
    Family(architecture: Qwen3MoEConfiguration.architecture) {
      try Qwen3MoEConfiguration($0.configuration).description
    }
  ]

  package static var architectures: [String] { all.map(\.architecture) }
  package static func isKnown(_ architecture: String) -> Bool { architectures.contains(architecture) }

  /// The shape of the checkpoint's model.
  /// - Throws: `ModelError` for an architecture that is none of these, `CheckpointError` for a field that is not valid.
  package static func describe(_ checkpoint: Checkpoint) throws -> ModelDescription {
    guard let family = all.first(where: { $0.architecture == checkpoint.architecture }) else {
      throw unknown(checkpoint)
    }
    return try family.describe(checkpoint)
  }

  /// Loads the checkpoint's weights to `backend`, for sequences of up to `positions` positions.
  package static func load<B: Backend>(
    _ checkpoint: Checkpoint, on backend: B, positions: Int, progress: @escaping LoadProgress = { _, _ in }
  ) throws -> any LanguageModel<B> {
    switch checkpoint.architecture {
    case Qwen3MoEConfiguration.architecture:
      try Qwen3MoE(checkpoint, on: backend, positions: positions, progress: progress)
    default: throw unknown(checkpoint)
    }
  }

  private static func unknown(_ checkpoint: Checkpoint) -> ModelError {
    ModelError(
      "\(checkpoint.configuration.source): field architectures: \"\(checkpoint.architecture)\" is not supported, "
        + "expected \(architectures.joined(separator: " or "))")
  }
}
