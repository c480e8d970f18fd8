import Scheduling

/// Where attainment falls as the rate grows.
package enum Attainment {
  /// The share of requests within their limits by which a rate still counts as served.
  package static let target = 0.9

  /// The first rate at which attainment falls under the target, linear between two neighbouring rates; nil if it never
  /// does, or is below from the first.
  package static func rate(_ points: [(rate: Double, attainment: Double)]) -> Double? {
    let points = points.sorted { $0.rate < $1.rate }
    for (a, b) in zip(points, points.dropFirst()) where a.attainment >= target && b.attainment < target {
      return a.rate + (b.rate - a.rate) * (a.attainment - target) / (a.attainment - b.attainment)
    }
    return nil
  }

  /// Each policy's rate, in the order of the runs.
  package static func rates(_ runs: [Study.Run]) -> [(policy: String, rate: Double?)] {
    var points: [(policy: String, points: [(rate: Double, attainment: Double)])] = []
    for run in runs {
      guard let rate = run.report.requestRate, let attainment = run.report.attainment else { continue }
      let label = run.policy.label
      let place = points.firstIndex { $0.policy == label } ?? points.endIndex
      if place == points.endIndex { points.append((label, [])) }
      points[place].points.append((rate, attainment))
    }
    return points.map { ($0.policy, rate($0.points)) }
  }
}

extension Study {
  /// The study with so many seconds of the host an iteration for each sequence, whatever the profile says.
  package func with(sequenceOverhead seconds: Double) -> Study {
    var hardware = costs.hardware
    hardware.sequenceOverheads = nil
    hardware.sequenceOverhead = seconds
    var study = self
    study.costs = CostModel(model: costs.model, hardware: hardware, coverage: costs.coverage)
    return study
  }

  /// The seconds of the host an iteration for each sequence at which the jobs' mean attainment is the target: the one
  /// number that is fitted to a curve of attainment. Found by bisection, since more overhead means less attainment.
  ///
  /// - Parameter jobs: with a service level; several with different seeds make the result less a matter of chance.
  /// - Throws: `SimulationError` if no overhead from 0 to `most` does it.
  package func fittedSequenceOverhead(
    _ jobs: [Job], most: Double = 1e-3, steps: Int = 14,
    progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws -> Double {
    func attainment(_ overhead: Double) async throws -> Double {
      let runs = try await with(sequenceOverhead: overhead).runs(jobs)
      return runs.reduce(0) { $0 + ($1.report.attainment ?? 0) } / Double(max(runs.count, 1))
    }
    let best = try await attainment(0)
    guard best >= Attainment.target else {
      throw SimulationError(
        "no overhead of the host gives an attainment of \(Attainment.target): without any it is \(best)")
    }
    var (low, high) = (0.0, most)
    for step in 0..<steps {
      let middle = (low + high) / 2
      if try await attainment(middle) >= Attainment.target { low = middle } else { high = middle }
      progress(Double(step + 1) / Double(steps))
    }
    guard high < most else {
      throw SimulationError("even \(most) s of the host a sequence leave attainment above \(Attainment.target)")
    }
    return (low + high) / 2
  }
}
