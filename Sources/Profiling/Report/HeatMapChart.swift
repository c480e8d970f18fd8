/// How often each layer's experts were used: a row a layer, a column an expert.
enum HeatMapChart {
  /// Shades besides none.
  static let shades = 8

  static func draw(_ popularity: ExpertPopularity) -> SVG {
    let experts = max(1, popularity.layers.map(\.count).max() ?? 1)
    let rows = popularity.layers.count
    let row = min(22.0, max(5, 260 / Double(max(rows, 1))))
    var svg = SVG(width: 440, height: Double(rows) * row + 34, title: "Heat map of the experts' popularity by layer")
    let (left, width) = (30.0, 404.0)
    let column = width / Double(experts)
    let gap = column > 4 ? 1.0 : 0
    var cells = [[(x: Double, y: Double, width: Double, height: Double)]](repeating: [], count: shades + 1)
    for (layer, counts) in popularity.layers.enumerated() {
      let most = Double(counts.max() ?? 0)
      for (expert, count) in counts.enumerated() where most > 0 {
        let shade = count == 0 ? 0 : max(1, Int((Double(count) / most * Double(shades)).rounded()))
        cells[shade].append(
          (left + Double(expert) * column, Double(layer) * row + 2, column - gap, row - (row > 8 ? 1 : 0)))
      }
    }
    for (shade, rectangles) in cells.enumerated() { svg.rectangles(rectangles, "heat\(shade)") }
    let every = max(1, Int((14 / row).rounded(.up)))
    for layer in stride(from: 0, to: rows, by: every) {
      svg.label("\(layer)", left - 6, Double(layer) * row + row / 2 + 6, "end")
    }
    svg.label("expert 0", left, Double(rows) * row + 18)
    svg.label("expert \(experts - 1)", left + width, Double(rows) * row + 18, "end")
    return svg
  }
}
