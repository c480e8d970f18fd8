// Making strings, paid for before they are made.
extension Renderer {
  func joined(_ parts: [String], _ separator: String) throws -> String {
    let size = parts.reduce(separator.utf8.count * max(0, parts.count - 1)) { $0 + $1.utf8.count }
    try budget.spendText(size)
    return parts.joined(separator: separator)
  }

  /// Python's `str.replace`; all places where `limit` is negative.
  func replaced(_ text: String, _ old: String, _ new: String, limit: Int) throws -> String {
    let limit = limit < 0 ? Int.max : limit
    if old.isEmpty {
      let scalars = text.unicodeScalars.map { String($0) }
      try budget.spend(scalars.count)
      let gaps = min(limit, scalars.count + 1)
      guard gaps > 0 else { return text }
      // A copy of `new` before each of the first scalars, and behind the last if there are enough.
      let rest = scalars.dropFirst(gaps - 1).joined()
      return try joined([""] + scalars.prefix(gaps - 1) + [rest], new)
    }
    return try joined(text.parts(separatedBy: old, limit: limit), new)
  }

  /// - Parameter side: `ljust`, `rjust`, `center` or `zfill`.
  func padded(_ text: String, to width: Int, with fill: String, _ side: String) throws -> String {
    guard fill.unicodeScalars.count == 1 else { throw Problem("\(side) needs one character to fill with") }
    let count = text.unicodeScalars.count
    guard width > count else { return text }
    let missing = width - count
    func filling(_ count: Int) throws -> String { try repeated(fill, count) }
    switch side {
    case "ljust": return text + (try filling(missing))
    case "rjust": return try filling(missing) + text
    case "zfill":
      let sign = text.prefix { $0 == "+" || $0 == "-" }.prefix(1)
      return sign + (try filling(missing)) + text.dropFirst(sign.count)
    default:
      let left = missing / 2 + (missing & width & 1)
      return try filling(left) + text + filling(missing - left)
    }
  }
}
