import Backend
import Checkpoints

/// A family of models: how its `config.json` is read, and what its layers are made of.
protocol ModelFamily: Sendable {
  /// As `config.json` names them.
  static var architectures: [String] { get }

  /// - Throws: `CheckpointError` naming the field that is missing, out of range, or asks for what is not supported.
  init(_ json: JSONObject, architecture: String) throws

  var configuration: DecoderConfiguration { get }

  /// Loads the weights of a layer; `rotary` is the table of all layers.
  func layer<B: Backend>(_ index: Int, rotary: B.Vector, _ loader: inout ModelLoader<B>) throws -> DecoderLayer<B>
}
