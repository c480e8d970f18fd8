import Foundation
import Scheduling
import Simulation
import TestSupport

/// The paper's set-up (arXiv 2510.08055): its models on two H100.
enum Setup {
  static let models = Fixtures.path("../../Benchmarks/models")
  static let qwen = "qwen3-30b-a3b"
  static let gptOSS = "gpt-oss-20b"

  static func shape(_ name: String) throws -> ModelShape { try ModelShape(at: "\(models)/\(name)") }

  static func study(_ name: String, _ profile: String = "h100x2") throws -> Study {
    let shape = try shape(name)
    var study = Study(
      CostModel(model: shape, hardware: try HardwareProfile(named: profile), coverage: ExpertCoverage(of: shape)))
    study.maxPositions = 32768
    return study
  }

  static func trace(_ name: String) throws -> Trace {
    let path = Fixtures.path("../../Benchmarks/traces/\(name).csv")
    return try Trace(csv: String(contentsOfFile: path, encoding: .utf8), source: path)
  }

  /// A panel of figure 3, at its first rate.
  struct Panel: Sendable, CustomStringConvertible {
    var name: String
    var model: String
    var trace: String
    var rate: Double
    var level: ServiceLevel

    var description: String { "panel \(name)" }
  }

  static let panels = [
    Panel(
      name: "a", model: qwen, trace: "arxiv_standin", rate: 1.3,
      level: ServiceLevel(timeToFirstToken: 10, timeBetweenTokens: 0.125)),
    Panel(
      name: "b", model: gptOSS, trace: "arxiv_standin", rate: 2.1,
      level: ServiceLevel(timeToFirstToken: 10, timeBetweenTokens: 0.1)),
    Panel(
      name: "c", model: qwen, trace: "sharegpt_8k", rate: 4,
      level: ServiceLevel(timeToFirstToken: 5, timeBetweenTokens: 0.125)),
    Panel(
      name: "d", model: gptOSS, trace: "sharegpt_8k", rate: 5.8,
      level: ServiceLevel(timeToFirstToken: 5, timeBetweenTokens: 0.1)),
  ]

  /// Runs so many seconds of a panel with each policy.
  static func reports(
    _ panel: Panel, _ policies: [PolicyOptions], seconds: Double, rate: Double? = nil
  ) async throws -> [ServingReport] {
    let rate = rate ?? panel.rate
    let workload = try Workload(trace(panel.trace), rate: rate, size: .seconds(seconds), seed: 1)
    let jobs = policies.map { Study.Job($0, rate: rate, workload: workload, serviceLevel: panel.level) }
    return try await study(panel.model).runs(jobs).map(\.report)
  }
}
