import Foundation
import Simulation

/// Logits of a router that prefers some experts.
enum RandomRouting {
  /// Logits [rows, experts], whose `chosen` largest are a choice without replacement by log-normal popularity (Gumbel's
  /// trick; Kool, van Hoof and Welling 2019).
  ///
  /// - Parameter spread: σ of the logarithm of popularity; 0 makes all experts equally popular.
  static func logits(rows: Int, experts: Int, spread: Double, seed: UInt64) -> [Float] {
    var random = SplitMix(seed: seed)
    // Which expert is popular is a matter of chance.
    let popularity = (0..<experts).map { spread * normalQuantile((Double($0) + 0.5) / Double(experts)) }
      .shuffled(using: &random)
    return (0..<rows).flatMap { _ in popularity.map { Float($0 - log(-log(random.open()))) } }
  }

  /// The x below which a standard normal variable lies with probability p, by bisection of the distribution function.
  private static func normalQuantile(_ p: Double) -> Double {
    var (low, high) = (-9.0, 9.0)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      if 0.5 * erfc(-middle / 2.0.squareRoot()) < p { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }
}
