import Engine
import Simulation

extension ExpertPopularity {
  /// Columns of the heat map at most; neighbours share one then.
  private static let columns = 64
  private static let shades = Array(" ▁▂▃▄▅▆▇█")

  /// A heat map of the layers, the inequality of each, and the coverage.
  package var lines: [String] {
    let cell = layers.map(\.count).max().map { ($0 + Self.columns - 1) / Self.columns } ?? 1
    var lines = [
      "experts' popularity: \(source)",
      "layer, its experts from the first to the last\(cell > 1 ? ", \(cell) in a column" : "") (█: the layer's most used), "
        + "Gini coefficient",
    ]
    lines += layers.enumerated().map { index, counts in
      guard let gini = gini[index] else { return "\(pad(index)) dense" }
      return "\(pad(index)) \(heat(counts, cell))  \(fixed(gini, 2))"
    }
    lines +=
      Table(
        rows: [
          ["tokens"] + prompt.map { "\(Int($0.rows))" },
          ["in a row meet"] + prompt.map { fixed($0.share * 100, 1) },
          ["from anywhere meet"] + decode.map { fixed($0.share * 100, 1) },
        ], right: Set(1...prompt.count)
      ).lines
    lines.append("percent of a layer's experts, in the mean")
    return lines
  }

  private func pad(_ index: Int) -> String {
    String(repeating: " ", count: index < 10 ? 2 : index < 100 ? 1 : 0) + "\(index)"
  }

  private func heat(_ counts: [Int], _ cell: Int) -> String {
    let cells = stride(from: 0, to: counts.count, by: cell).map { start in
      let part = counts[start..<min(start + cell, counts.count)]
      return Double(part.reduce(0, +)) / Double(part.count)
    }
    let most = cells.max() ?? 0
    return String(
      cells.map { value in
        most > 0 ? Self.shades[Int((value / most * Double(Self.shades.count - 1)).rounded())] : Self.shades[0]
      })
  }
}
