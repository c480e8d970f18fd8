import Checkpoints
import Foundation

/// Where a model's coverage comes from.
extension ExpertCoverage {
  /// The spreads that fit what the paper says of Qwen3-30B-A3B: 2.1 for one prompt's tokens (its five points lie within
  /// 0.03 of the curve), 1.4 for decode rows (within 0.05). For models of which nothing is known.
  package static let promptSpread = 2.1
  package static let decodeSpread = 1.4

  /// The coverage of `model`: the paper's points for a model of Qwen3-30B-A3B's shape, else log-normal popularity.
  package init(of model: ModelShape) {
    if model.layers == 48, model.experts == 128, model.chosenExperts == 8, model.hiddenSize == 2048 {
      self = .paperQwen
    } else {
      self.init(
        experts: model.experts, chosen: model.chosenExperts, promptSpread: Self.promptSpread,
        decodeSpread: Self.decodeSpread)
    }
  }

  /// Qwen3-30B-A3B (arXiv 2510.08055). Prompt: bytes of experts that an 8192-token prompt loads by chunk size (figure 2,
  /// exact), by chunks and by the bytes of all experts. Decode: table 1, in which 16 rows are "below 50 %", 32 "about 55 %",
  /// 64 "below 70 %", and 128 rows 86.3 %.
  package static let paperQwen = ExpertCoverage(
    prompt: [
      .init(rows: 512, share: 0.824), .init(rows: 1024, share: 0.876), .init(rows: 2048, share: 0.92),
      .init(rows: 4096, share: 0.949), .init(rows: 8192, share: 0.985),
    ],
    decode: [
      .init(rows: 16, share: 0.41), .init(rows: 32, share: 0.55), .init(rows: 64, share: 0.69),
      .init(rows: 128, share: 0.863),
    ], one: 8.0 / 128)

  private struct File: Decodable {
    var prompt: [Point]
    var decode: [Point]
  }

  /// A recorded profile: JSON with the lists `prompt` and `decode` of `{"rows": 512, "share": 0.824}`.
  /// - Throws: `SimulationError` naming the file and what is wrong in it.
  package init(file path: String, model: ModelShape) throws(SimulationError) {
    let file: File = try decoded(path)
    for (list, points) in [("prompt", file.prompt), ("decode", file.decode)] {
      guard !points.isEmpty else { throw SimulationError("\(path): field \(list): it has no point") }
      let sorted = points.sorted { $0.rows < $1.rows }
      for (index, point) in sorted.enumerated() {
        let least = index > 0 ? sorted[index - 1].share : 0
        guard point.rows >= 1, point.rows.isFinite, point.share > 0, point.share <= 1, point.share >= least else {
          throw SimulationError(
            "\(path): field \(list): found \(point.rows) rows with a share of \(point.share), expected 1 row or more and a "
              + "share above 0 and up to 1 that does not fall")
        }
      }
      for (a, b) in zip(sorted, sorted.dropFirst()) where a.rows == b.rows {
        throw SimulationError("\(path): field \(list): \(a.rows) rows are there twice")
      }
    }
    self.init(
      prompt: file.prompt, decode: file.decode, one: Double(model.chosenExperts) / Double(model.experts))
  }
}

extension ModelShape {
  /// Reads a model's folder, or its configuration by itself. The folder's name, in lower case, is the model's, or the
  /// file's if it has one of its own.
  /// - Throws: `SimulationError` if there is no such file, `CheckpointError` naming the field that is wrong.
  package init(at path: String) throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      throw SimulationError("model \"\(path)\": no such file, expected a model's folder or its config.json")
    }
    let file = isFolder.boolValue ? "\(path)/config.json" : path
    guard FileManager.default.fileExists(atPath: file) else { throw SimulationError("\(path): config.json is missing") }
    let url = URL(fileURLWithPath: file).standardizedFileURL
    let named = url.lastPathComponent == "config.json" ? url.deletingLastPathComponent() : url.deletingPathExtension()
    try self.init(JSONObject(file: file), name: named.lastPathComponent.lowercased())
  }
}
