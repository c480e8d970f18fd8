import Engine

/// A drawing for a page, whose colours are classes of the page's style sheet.
struct SVG {
  /// Coordinates; the page scales it to its width.
  let width: Double
  let height: Double
  /// What it shows, for those who cannot see it.
  let title: String
  private var body = ""

  init(width: Double, height: Double, title: String) {
    self.width = width
    self.height = height
    self.title = title
  }

  var text: String {
    "<svg viewBox=\"0 0 \(number(width)) \(number(height))\" role=\"img\" aria-label=\"\(escaped(title))\">\n\(body)</svg>\n"
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    body += "<path class=\"\(style)\" d=\"M\(number(x1)) \(number(y1))L\(number(x2)) \(number(y2))\"/>\n"
  }

  mutating func polyline(_ points: [(x: Double, y: Double)], _ style: String) {
    guard let first = points.first else { return }
    let rest = points.dropFirst().map { "L\(number($0.x)) \(number($0.y))" }.joined()
    body += "<path class=\"\(style)\" d=\"M\(number(first.x)) \(number(first.y))\(rest)\"/>\n"
  }

  /// Rectangles of one style, as one path.
  mutating func rectangles(_ all: [(x: Double, y: Double, width: Double, height: Double)], _ style: String) {
    guard !all.isEmpty else { return }
    let path = all.map {
      "M\(number($0.x)) \(number($0.y))h\(number($0.width))v\(number($0.height))h\(number(-$0.width))z"
    }.joined()
    body += "<path class=\"\(style)\" d=\"\(path)\"/>\n"
  }

  mutating func circle(_ x: Double, _ y: Double, radius: Double, _ style: String, note: String) {
    body +=
      "<circle class=\"\(style)\" cx=\"\(number(x))\" cy=\"\(number(y))\" r=\"\(number(radius))\"><title>\(escaped(note))</title></circle>\n"
  }

  /// - Parameter anchor: `start`, `middle` or `end`.
  mutating func label(_ text: String, _ x: Double, _ y: Double, _ anchor: String = "start", _ style: String = "label") {
    body +=
      "<text class=\"\(style)\" x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">\(escaped(text))</text>\n"
  }

  private func number(_ value: Double) -> String {
    let text = fixed(value, 1)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

/// Text for HTML or SVG.
func escaped(_ text: String) -> String {
  text.reduce(into: "") { result, character in
    switch character {
    case "&": result += "&amp;"
    case "<": result += "&lt;"
    case ">": result += "&gt;"
    case "\"": result += "&quot;"
    default: result.append(character)
    }
  }
}
