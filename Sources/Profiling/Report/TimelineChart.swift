import Engine

/// What the device did under each policy, on one scale: kernels by the group of layers, copies below.
enum TimelineChart {
  /// Colours of groups; then they come again.
  static let colours = 8
  private static let rowHeight = 22.0

  static func draw(_ timelines: [(name: String, timeline: DeviceTimeline)]) -> SVG {
    // Without a copy their row would be empty.
    let hasCopies = timelines.contains { $0.timeline.slices.contains { $0.row == .copies } }
    let strip = rowHeight + (hasCopies ? 50 : 36)
    var svg = SVG(
      width: 440, height: Double(timelines.count) * strip + 16, title: "Kernels and copies over time, by policy")
    let longest = timelines.map(\.timeline.duration).max() ?? 0
    let x = Axis(low: 0, high: max(longest, 1e-9), start: 4, end: 436)
    for (index, entry) in timelines.enumerated() {
      let top = Double(index) * strip
      svg.label("\(entry.name): \(fixed(entry.timeline.duration * 1e3, 1)) ms", 4, top + 14, "start", "strong")
      let groups = entry.timeline.groups
      for (style, bars) in bars(entry.timeline, groups, x, top + 20) { svg.rectangles(bars, style) }
      svg.line(x.start, top + 20 + rowHeight, x.end, top + 20 + rowHeight, "grid")
    }
    let bottom = Double(timelines.count) * strip
    svg.label("0", x.start, bottom + 10)
    svg.label("\(fixed(longest * 1e3, 1)) ms", x.end, bottom + 10, "end")
    return svg
  }

  /// Slices as rectangles by style; those that the eye cannot tell apart become one.
  private static func bars(
    _ timeline: DeviceTimeline, _ groups: [Range<Int>], _ x: Axis, _ top: Double
  ) -> [(String, [(x: Double, y: Double, width: Double, height: Double)])] {
    var open: [String: (start: Double, end: Double)] = [:]
    var found: [String: [(x: Double, y: Double, width: Double, height: Double)]] = [:]
    func close(_ style: String, _ bar: (start: Double, end: Double)) {
      let isCopy = style == "copy"
      found[style, default: []].append(
        (bar.start, isCopy ? top + rowHeight + 2 : top, max(bar.end - bar.start, 0.3), isCopy ? 10 : rowHeight - 2))
    }
    for slice in timeline.slices {
      let style = style(slice, groups)
      let (start, end) = (x(slice.start), x(slice.start + slice.seconds))
      if let bar = open[style], start - bar.end < 0.25 {
        open[style] = (bar.start, max(bar.end, end))
      } else {
        if let bar = open[style] { close(style, bar) }
        open[style] = (start, end)
      }
    }
    for (style, bar) in open { close(style, bar) }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private static func style(_ slice: DeviceTimeline.Slice, _ groups: [Range<Int>]) -> String {
    guard slice.row == .kernels else { return "copy" }
    guard let group = slice.group, let index = groups.firstIndex(of: group) else { return "group-none" }
    return "group\(index % colours)"
  }
}
