/// Changes a text before it is cut into words.
struct Normalizer: Sendable {
  enum Step: Sendable {
    case form(UnicodeForm)
    case lowercase
    case replace(TextPattern, [UInt8])
    case prepend([UInt8])
    case strip(left: Bool, right: Bool)
    case stripAccents
  }

  let steps: [Step]

  init(_ steps: [Step]) { self.steps = steps }

  var isEmpty: Bool { steps.isEmpty }

  /// The changed text of `range`, or nil where it is the text itself.
  func normalised(_ bytes: [UInt8], in range: Range<Int>) -> [UInt8]? {
    var result: [UInt8]?
    for step in steps {
      let text = result ?? bytes
      if let changed = apply(step, text, result.map(\.indices) ?? range) { result = changed }
    }
    return result
  }

  private func apply(_ step: Step, _ bytes: [UInt8], _ range: Range<Int>) -> [UInt8]? {
    switch step {
    case .form(let form): return form.normalised(bytes, in: range)
    case .lowercase: return Self.mapped(bytes, range) { $0.properties.lowercaseMapping }
    case .replace(let pattern, let replacement):
      var result: [UInt8] = []
      var start = range.lowerBound
      pattern.forEachMatch(in: bytes, range) { match in
        result += bytes[start..<match.lowerBound] + replacement
        start = match.upperBound
      }
      return start == range.lowerBound ? nil : result + bytes[start..<range.upperBound]
    case .prepend(let text): return range.isEmpty ? nil : text + bytes[range]
    case .strip(let left, let right): return Self.stripped(bytes, range, left, right)
    case .stripAccents:
      return Self.mapped(bytes, range) { Composition.isMark($0) ? "" : String($0) }
    }
  }

  private static func mapped(
    _ bytes: [UInt8], _ range: Range<Int>, _ change: (Unicode.Scalar) -> String
  ) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(range.count)
    for scalar in String(decoding: bytes[range], as: UTF8.self).unicodeScalars { result += change(scalar).utf8 }
    return result
  }

  private static func stripped(_ bytes: [UInt8], _ range: Range<Int>, _ left: Bool, _ right: Bool) -> [UInt8] {
    func isSpace(_ scalar: Unicode.Scalar) -> Bool { ScalarClasses.of(scalar.value).contains(.space) }
    var scalars = String(decoding: bytes[range], as: UTF8.self).unicodeScalars[...]
    if left { scalars = scalars.drop(while: isSpace) }
    while right, let last = scalars.last, isSpace(last) { scalars.removeLast() }
    return Array(String(String.UnicodeScalarView(scalars)).utf8)
  }
}
