import Foundation

/// Which share of a layer's experts some rows meet.
///
/// Two curves: tokens of one prompt resemble each other and share experts, decode rows belong to different texts. Both
/// are known at some numbers of rows, and in between linear in the logarithm of the rows. With one row the share is
/// chosen / experts, whatever the text.
package struct ExpertCoverage: Sendable, Equatable {
  /// A point of a curve.
  package struct Point: Sendable, Equatable, Codable {
    package var rows: Double
    package var share: Double

    package init(rows: Double, share: Double) {
      self.rows = rows
      self.share = share
    }
  }

  private let prompt: [Point]
  private let decode: [Point]

  /// - Parameters:
  ///   - prompt: points for the tokens of one prompt.
  ///   - decode: points for decode rows of different requests.
  ///   - one: chosen / experts.
  package init(prompt: [Point], decode: [Point], one: Double) {
    func curve(_ points: [Point]) -> [Point] {
      [Point(rows: 1, share: one)] + points.filter { $0.rows > 1 && $0.share > one }.sorted { $0.rows < $1.rows }
    }
    self.prompt = curve(prompt)
    self.decode = curve(decode)
  }

  package func ofPrompt(_ tokens: Int) -> Double { Self.share(prompt, Double(tokens)) }
  package func ofDecode(_ rows: Int) -> Double { Self.share(decode, Double(rows)) }

  /// The share that at least one of the prompt's tokens or the decode rows meets, as if they chose independently.
  package func ofBoth(promptTokens: Int, decodeRows: Int) -> Double {
    1 - (1 - ofPrompt(promptTokens)) * (1 - ofDecode(decodeRows))
  }

  private static func share(_ points: [Point], _ rows: Double) -> Double {
    guard rows >= 1 else { return 0 }
    guard let upper = points.firstIndex(where: { $0.rows >= rows }) else { return beyond(points, rows) }
    guard upper > 0 else { return points[0].share }
    let (a, b) = (points[upper - 1], points[upper])
    return a.share + (b.share - a.share) * log(rows / a.rows) / log(b.rows / a.rows)
  }

  /// Behind the last point what is missing to all experts falls on as it fell before it, by a power of the rows.
  private static func beyond(_ points: [Point], _ rows: Double) -> Double {
    guard let b = points.last, points.count > 1, b.share < 1 else { return points.last.map { min(1, $0.share) } ?? 0 }
    let a = points[points.count - 2]
    let slope = log((1 - b.share) / (1 - a.share)) / log(b.rows / a.rows)
    return 1 - (1 - b.share) * pow(rows / b.rows, min(slope, 0))
  }
}

extension ExpertCoverage {
  /// A layer whose experts are chosen with log-normal popularity, in the mean over which expert is how popular:
  /// 1 − (1 − qᵢ)ⁿ averaged over the experts, qᵢ the probability that a row meets expert i.
  ///
  /// - Parameters:
  ///   - promptSpread: σ of the logarithm of popularity among the tokens of one prompt.
  ///   - decodeSpread: the same among rows of different requests.
  package init(experts: Int, chosen: Int, promptSpread: Double, decodeSpread: Double) {
    let rows = (0...14).map { Double(1 << $0) }
    func points(_ spread: Double) -> [Point] {
      let meets = Self.probabilities(experts: experts, chosen: chosen, spread: spread)
      return rows.map { rows in
        Point(rows: rows, share: meets.reduce(0) { $0 + 1 - pow(1 - $1, rows) } / Double(experts))
      }
    }
    self.init(prompt: points(promptSpread), decode: points(decodeSpread), one: Double(chosen) / Double(experts))
  }

  /// How probable it is that a row meets each expert: min(1, c · wᵢ), summing to `chosen`, with wᵢ at the quantiles of the
  /// log-normal distribution.
  static func probabilities(experts: Int, chosen: Int, spread: Double) -> [Double] {
    let weights = (0..<experts).map { exp(spread * normalQuantile((Double($0) + 0.5) / Double(experts))) }
    var (low, high) = (0.0, Double(experts) / (weights.min() ?? 1))
    for _ in 0..<200 {
      let middle = (low + high) / 2
      let sum = weights.reduce(0) { $0 + min(1, middle * $1) }
      if sum < Double(chosen) { low = middle } else { high = middle }
    }
    return weights.map { min(1, high * $0) }
  }

  /// The x below which a standard normal variable lies with probability p, by bisection of the distribution function.
  package static func normalQuantile(_ p: Double) -> Double {
    var (low, high) = (-9.0, 9.0)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if 0.5 * erfc(-middle / 2.0.squareRoot()) < p { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
