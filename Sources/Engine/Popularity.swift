import Foundation
package import Models

/// How often a text's rows used each expert: recorded by a profile, read to decide which experts stay on the device.
package struct Popularity: Sendable, Equatable {
  /// Rows of each expert, [layers][experts]; a dense layer has none.
  package var counts: [[Double]]

  private struct File: Decodable {
    var layers: [[Double]]
  }

  /// Reads the field `layers` of a JSON file: a list for each layer of a count for each expert.
  /// - Throws: `EngineError` naming the file, the layer, and what was expected.
  package init(file path: String, model: ModelDescription) throws(EngineError) {
    guard let data = FileManager.default.contents(atPath: path) else { throw EngineError("\(path): cannot be read") }
    guard let file = try? JSONDecoder().decode(File.self, from: data) else {
      throw EngineError("\(path): field layers: expected a list for each layer of a count for each expert")
    }
    guard file.layers.count == model.layerCount else {
      throw EngineError(
        "\(path): field layers: found \(file.layers.count) layers, expected \(model.layerCount) as the model has")
    }
    for (index, layer) in file.layers.enumerated() {
      guard layer.isEmpty && !model.isSparse[index] || layer.count == model.expertCount,
        layer.allSatisfy({ $0 >= 0 && $0.isFinite })
      else {
        throw EngineError(
          "\(path): field layers: layer \(index) has \(layer.count) counts, expected \(model.expertCount) of 0 or more")
      }
    }
    counts = file.layers
  }

  /// The share of rows that used each expert: of a layer they add up to `chosen`.
  package func shares(chosen: Int) -> [[Double]] {
    counts.map { layer in
      let sum = layer.reduce(0, +)
      return layer.map { sum > 0 ? $0 / sum * Double(chosen) : 0 }
    }
  }
}
