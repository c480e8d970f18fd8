import Engine
import Foundation

/// Operations a second over operations a byte, under the device's two ceilings (Williams, Waterman and Patterson 2009).
enum RooflineChart {
  static func draw(_ profile: ExpertLoadProfile, ceilings: DeviceCeilings) -> SVG {
    var svg = SVG(width: 440, height: 300, title: "Roofline of the experts' products")
    guard let first = profile.loads.first, let last = profile.loads.last else { return svg }
    let ridge = first.rate / first.bandwidth
    let rates = profile.loads.map(\.operationsPerSecond)
    let x = Axis(
      low: min(0.5, first.intensity), high: max(4 * ridge, 1.5 * last.intensity), start: 52, end: 430,
      isLogarithmic: true)
    let lowest = min(rates.min() ?? 1, first.bandwidth * x.low)
    let y = Axis(
      low: pow(10, log10(lowest).rounded(.down)), high: 2.2 * max(first.rate, rates.max() ?? 0), start: 256, end: 12,
      isLogarithmic: true)
    for tick in y.powers(of: 10) {
      svg.line(x.start, y(tick), x.end, y(tick), "grid")
      svg.label(rateText(tick), x.start - 6, y(tick) + 4, "end")
    }
    for tick in x.powers(of: 4) {
      svg.line(x(tick), y.start, x(tick), y.end, "grid")
      svg.label(fixed(tick, tick < 1 ? 2 : 0), x(tick), y.start + 16, "middle")
    }
    svg.label("FLOP per byte of experts' weights", (x.start + x.end) / 2, 292, "middle")
    svg.polyline(
      [(x.low, x.low * first.bandwidth), (ridge, first.rate), (x.high, first.rate)].map { (x($0.0), y($0.1)) }, "roof")
    let place = 2 * x.low
    svg.label(
      "\(fixed(first.bandwidth / 1e9, 1)) GB/s read", x(place) + 8, y(place * first.bandwidth) + 16, "start", "strong")
    svg.label("\(rateText(first.rate))FLOP/s, bf16", x.end, y(first.rate) - 7, "end", "strong")
    if let f32 = ceilings[.multiplyF32]?.best, f32 < 0.95 * first.rate {
      svg.line(x(f32 / first.bandwidth), y(f32), x.end, y(f32), "dashed")
      svg.label("\(rateText(f32))FLOP/s, f32", x.end, y(f32) - 6, "end")
    }
    for load in profile.loads {
      svg.circle(
        x(load.intensity), y(load.operationsPerSecond), radius: 4.5, load.bound == .memory ? "memory" : "compute",
        note:
          "batch \(load.batch): \(fixed(load.bytesPerSecond / 1e9, 2)) GB/s, \(fixed(load.operationsPerSecond / 1e9, 1)) GFLOP/s"
      )
    }
    for load in labelled(profile.loads) {
      let (right, down) = (x(load.intensity), y(load.operationsPerSecond))
      if load.bound == .memory {
        svg.label("\(load.batch)", right - 7, down - 5, "end")
      } else {
        svg.label("\(load.batch)", right, down + 17, "middle")
      }
    }
    return svg
  }

  /// Every third one, up to the last.
  private static func labelled(_ loads: [ExpertLoad]) -> [ExpertLoad] {
    loads.enumerated().filter { (loads.count - 1 - $0.offset) % 3 == 0 }.map(\.element)
  }

  /// As `100 G`.
  static func rateText(_ value: Double) -> String {
    let units = ["", "k", "M", "G", "T", "P"]
    var (value, unit) = (value, 0)
    while value >= 999.5, unit < units.count - 1 {
      value /= 1000
      unit += 1
    }
    return "\(fixed(value, value < 10 && value != value.rounded() ? 1 : 0)) \(units[unit])"
  }
}
