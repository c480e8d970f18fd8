import Engine
import Simulation

/// Which share of a layer's experts some tokens meet.
enum CoverageChart {
  static func draw(_ popularity: ExpertPopularity) -> SVG {
    var svg = SVG(width: 440, height: 250, title: "Coverage of the experts against tokens")
    guard let last = popularity.prompt.last?.rows, last > 1 else { return svg }
    let x = Axis(low: 1, high: last, start: 46, end: 428, isLogarithmic: true)
    let y = Axis(low: 0, high: 1, start: 206, end: 12)
    for tick in [0, 0.25, 0.5, 0.75, 1] {
      svg.line(x.start, y(tick), x.end, y(tick), "grid")
      svg.label("\(fixed(tick * 100, 0)) %", x.start - 6, y(tick) + 4, "end")
    }
    for tick in x.powers(of: 4) {
      svg.line(x(tick), y.start, x(tick), y.end, "grid")
      svg.label("\(Int(tick))", x(tick), y.start + 16, "middle")
    }
    svg.label("tokens", (x.start + x.end) / 2, 242, "middle")
    for (points, style, name) in [
      (popularity.prompt, "memory", "tokens in a row"), (popularity.decode, "compute", "tokens from anywhere"),
    ] {
      svg.polyline(points.map { (x($0.rows), y($0.share)) }, "\(style)-line")
      for point in points {
        svg.circle(
          x(point.rows), y(point.share), radius: 3, style,
          note: "\(Int(point.rows)) \(name): \(fixed(point.share * 100, 1)) %")
      }
    }
    svg.circle(x(16) + 10, y(0.17), radius: 4, "memory", note: "")
    svg.label("tokens in a row", x(16) + 20, y(0.17) + 4)
    svg.circle(x(16) + 10, y(0.08), radius: 4, "compute", note: "")
    svg.label("tokens from anywhere", x(16) + 20, y(0.08) + 4)
    return svg
  }
}
