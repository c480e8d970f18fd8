import Backend
import Checkpoints
import Engine
import Foundation
import Models
import Scheduling

/// What a test gave: the fields of llama-bench by its names, and behind them what it does not tell.
package struct TokenResult: Sendable, Encodable {
  package var modelFilename: String
  package var modelType: String
  package var modelSize: Int
  package var modelNParams: Int
  package var backends: String
  package var devices: String
  package var nPrompt: Int
  package var nGen: Int
  package var nDepth: Int
  package var testTime: String
  package var samplesNs: [Int]
  package var samplesTs: [Double]
  package var avgNs: Double
  package var stddevNs: Double
  package var avgTs: Double
  package var stddevTs: Double

  /// Requests at once.
  package var nParallel: Int
  package var policy: String
  /// Weights that passes read in a second, each once a pass: the median of the repetitions.
  package var weightBytesPerSecond: Double
  /// The same over what the device's memory gave just before the repetition; and operations over f32 multiply-adds. Medians,
  /// and nil without a device.
  package var bandwidthShare: Double?
  package var computeShare: Double?
  /// The ceilings themselves, medians.
  package var bandwidthCeiling: Double?
  package var computeCeiling: Double?
  package var expertBytesPerToken: Double
  /// Nil where nothing tells the energy.
  package var joulesPerToken: Double?
  /// Where the time goes, if it was asked for.
  package var ops: OpTimes?

  package var test: TokenTest {
    TokenTest(promptTokens: nPrompt, generatedTokens: nGen, requests: nParallel, depth: nDepth)
  }

  init(
    _ test: TokenTest, _ runs: [TokenRun], _ files: ModelFiles, device: DeviceSelection, policy: String,
    operations: Double
  ) {
    modelFilename = files.checkpoint.path
    modelType = files.kind
    modelSize = files.checkpoint.byteCount
    modelNParams = files.parameterCount
    backends = if case .reference = device { "reference" } else { "OpenCL" }
    devices = device.name
    (nPrompt, nGen, nParallel, nDepth) = (test.promptTokens, test.generatedTokens, test.requests, test.depth)
    testTime = Date.now.formatted(.iso8601)
    let rates = runs.map { Double(test.tokens) / $0.seconds }
    samplesNs = runs.map { Int(($0.seconds * 1e9).rounded()) }
    samplesTs = rates
    (avgNs, stddevNs) = Self.meanAndDeviation(runs.map { $0.seconds * 1e9 })
    (avgTs, stddevTs) = Self.meanAndDeviation(rates)
    self.policy = policy
    func median(_ values: [Double]) -> Double? { values.isEmpty ? nil : Samples(values).median }
    let bytes = runs.map { run in
      let memory = run.ledger.total.memory
      return (memory[.expert]?.total ?? 0) + (memory[.dense]?.total ?? 0)
    }
    weightBytesPerSecond = median(zip(bytes, runs).map { $0 / $1.seconds }) ?? 0
    bandwidthShare = median(
      zip(bytes, runs).compactMap { bytes, run in run.ceiling.map { bytes / run.seconds / $0.bytesPerSecond } })
    computeShare = median(
      runs.compactMap { run in run.ceiling.map { operations / run.seconds / $0.operationsPerSecond } })
    bandwidthCeiling = median(runs.compactMap { $0.ceiling?.bytesPerSecond })
    computeCeiling = median(runs.compactMap { $0.ceiling?.operationsPerSecond })
    expertBytesPerToken =
      median(runs.map { ($0.ledger.total.memory[.expert]?.total ?? 0) / Double(test.tokens) }) ?? 0
    joulesPerToken = median(runs.compactMap { run in run.joules.map { $0 / Double(test.tokens) } })
  }

  /// Mean and sample standard deviation, 0 for a single value.
  static func meanAndDeviation(_ values: [Double]) -> (mean: Double, deviation: Double) {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (mean, values.count > 1 ? (squares / (count - 1)).squareRoot() : 0)
  }
}

extension ModelFiles {
  /// The architecture, and the format that most bytes are in: `olmoe Q8_0`.
  fileprivate var kind: String {
    let format = CheckpointSummary(checkpoint).formats.first?.name ?? ""
    let name = checkpoint.gguf.flatMap { try? $0.metadata.optionalString("general.architecture") }
    return "\(name ?? description.architecture) \(format.uppercased())"
  }

  fileprivate var parameterCount: Int {
    checkpoint.tensors.reduce(0) { $0 + ($1.name.hasSuffix("_scales") ? 0 : $1.elementCount) }
  }
}
