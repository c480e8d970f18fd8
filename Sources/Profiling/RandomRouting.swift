import Foundation
import Scheduling
import Simulation

/// Logits of a router that prefers some experts.
enum RandomRouting {
  /// Logits [rows, experts], whose `chosen` largest are a choice without replacement by log-normal popularity (Gumbel's
  /// trick; Kool, van Hoof and Welling 2019).
  ///
  /// - Parameter spread: σ of the logarithm of popularity; 0 makes all experts equally popular.
  static func logits(rows: Int, experts: Int, spread: Double, seed: UInt64) -> [Float] {
    var random = SeededRandom(seed)
    // Which expert is popular is a matter of chance.
    let popularity = (0..<experts).map { spread * ExpertCoverage.normalQuantile((Double($0) + 0.5) / Double(experts)) }
      .shuffled(using: &random)
    return (0..<rows).flatMap { _ in popularity.map { Float($0 - log(-log(random.open()))) } }
  }
}
