import ArgumentParser

/// Numbers of an option in llama-bench's way: `512`, `128,256`, or a range `first-last`, `first-last+step`, `first-last*factor`.
struct CommaList: ExpressibleByArgument, Equatable {
  var values: [Int]

  init(_ values: Int...) { self.values = values }

  init?(argument: String) {
    var found: [Int] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let values = Self.range(part) else { return nil }
      found += values
    }
    values = found
  }

  private static let mostValues = 1000

  private static func range(_ text: Substring) -> [Int]? {
    if let value = Int(text), value >= 0 { return [value] }
    guard let match = text.wholeMatch(of: /([0-9]+)-([0-9]+)(?:([+*])([0-9]+))?/),
      let first = Int(match.1), let last = Int(match.2), first <= last
    else { return nil }
    let step = match.4.map { Int($0) ?? 0 } ?? 1
    let multiplies = match.3 == "*"
    guard multiplies ? step > 1 && first > 0 : step > 0 else { return nil }
    var values = [first]
    while let value = values.last {
      let (next, overflows) =
        multiplies ? value.multipliedReportingOverflow(by: step) : value.addingReportingOverflow(step)
      guard !overflows, next <= last else { break }
      values.append(next)
      guard values.count <= mostValues else { return nil }
    }
    return values
  }
}
