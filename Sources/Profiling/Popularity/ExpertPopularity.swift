import Foundation
import Scheduling
package import Simulation

/// How often a text's tokens used each expert, and which share of them some tokens meet.
package struct ExpertPopularity: Sendable, Equatable, Encodable {
  /// Which text.
  package var source: String
  package var tokens: Int
  /// Tokens that used each expert, [layers][experts]; empty for a dense layer.
  package var layers: [[Int]]
  /// Inequality of each layer's counts; nil for a dense layer.
  package var gini: [Double?]
  /// The mean share of a layer's experts that consecutive tokens meet, and that tokens from random places do.
  package var prompt: [ExpertCoverage.Point]
  package var decode: [ExpertCoverage.Point]

  package init(_ choices: ExpertChoices) {
    source = choices.source
    tokens = choices.rows
    layers = choices.layers.map { choice in
      guard !choice.isEmpty else { return [] }
      return choice.reduce(into: [Int](repeating: 0, count: choices.experts)) { $0[Int($1)] += 1 }
    }
    gini = layers.map { $0.isEmpty ? nil : Self.gini($0) }
    let sparse = choices.sparse
    let sizes = (0..<20).map { 1 << $0 }.filter { $0 <= choices.rows }
    func share(_ rows: [Int]) -> Double {
      let met = sparse.map { layer in
        Set(rows.flatMap { layer[$0 * choices.chosen..<($0 + 1) * choices.chosen] }).count
      }
      return Double(met.reduce(0, +)) / Double(max(1, met.count) * choices.experts)
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(max(1, values.count)) }
    var random = SeededRandom(7)
    prompt = sizes.map { size in
      let step = max(1, (choices.rows - size) / Self.samples)
      let starts = Array(stride(from: 0, through: choices.rows - size, by: step).prefix(Self.samples))
      return ExpertCoverage.Point(rows: Double(size), share: mean(starts.map { share(Array($0..<$0 + size)) }))
    }
    let decodeSizes = sizes.filter { $0 <= Self.mostDecodeRows }
    decode = decodeSizes.map { size in
      let shares = (0..<Self.samples).map { _ in
        share((0..<size).map { _ in Int.random(in: 0..<choices.rows, using: &random) })
      }
      return ExpertCoverage.Point(rows: Double(size), share: mean(shares))
    }
  }

  private static let samples = 16
  private static let mostDecodeRows = 256

  /// The Gini coefficient: 0 if all counts are equal, near 1 if one has them all (Gini 1912).
  ///
  /// With the counts in ascending order, Σ (2 i − n − 1) xᵢ / (n Σ xᵢ), i from 1.
  package static func gini(_ counts: [Int]) -> Double {
    let sorted = counts.sorted()
    let sum = sorted.reduce(0, +)
    guard sum > 0 else { return 0 }
    let n = sorted.count
    let weighted = sorted.enumerated().reduce(0) { $0 + (2 * $1.offset + 1 - n) * $1.element }
    return Double(weighted) / Double(n * sum)
  }

  /// Writes it as JSON, which `simulate --coverage` and `run --popularity` read.
  /// - Throws: `ProfilingError` naming the file.
  package func write(to path: String) throws(ProfilingError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      try encoder.encode(self).write(to: URL(fileURLWithPath: path))
    } catch {
      throw ProfilingError("\(path): cannot be written: \(error.localizedDescription)")
    }
  }
}
