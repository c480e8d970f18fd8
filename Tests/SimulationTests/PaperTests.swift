import Checkpoints
import Scheduling
import Simulation
import TestSupport
import Testing

/// The paper's figures (arXiv 2510.08055), from the scheduler and the cost model.
struct PaperTests {
  /// One 8192-token prompt of Qwen3-30B-A3B on two H100, by chunk size: bytes of experts loaded (exact in the authors'
  /// plot), milliseconds (read off the plot).
  static let chunks: [(size: Int, gigabytes: Double, milliseconds: Double, expertMilliseconds: Double)] = [
    (512, 764.1, 560, 311), (1024, 406.3, 371, 186), (2048, 213.3, 264, 115), (4096, 110.1, 232, 92),
    (8192, 57.1, 209, 84),
  ]

  @Test(arguments: chunks.indices)
  func onePromptTakesWhatItTookThere(index: Int) throws {
    let paper = Self.chunks[index]
    let found = try onePrompt(8192, Chunked(chunkSize: paper.size))
    #expect(abs(found.bytes / 1e9 / paper.gigabytes - 1) < 0.03)
    #expect(abs(found.seconds * 1e3 / paper.milliseconds - 1) < 0.10)
    #expect(abs(found.expertSeconds * 1e3 / paper.expertMilliseconds - 1) < 0.10)
  }

  private func onePrompt(
    _ tokens: Int, _ policy: any Policy
  ) throws -> (seconds: Double, expertSeconds: Double, bytes: Double) {
    let costs = try PaperSetup.qwen.costs
    let simulator = try Simulator(costs)
    let workload = Workload(arrivals: [
      .init(time: 0, lengths: .init(promptTokens: tokens, outputTokens: 1))
    ])
    var expertSeconds = 0.0
    let run = try simulator.run(workload, policy: policy) { _, _, cost in expertSeconds += cost.expertSeconds }
    let seconds = try #require(run.requests.first?.timeToFirstToken)
    return (seconds, expertSeconds, run.totals.expertBytesPrefill)
  }
}

/// The models of the paper.
struct PaperSetup: Sendable {
  let config: String
  let coverage: @Sendable (ModelShape) -> ExpertCoverage

  static let qwen = PaperSetup(config: "qwen3-30b-a3b") { _ in .paperQwen }
  static let gptOSS = PaperSetup(config: "gpt-oss-20b") {
    ExpertCoverage(experts: $0.experts, chosen: $0.chosenExperts, promptSpread: 2.1, decodeSpread: 1.4)
  }

  var costs: CostModel {
    get throws {
      let path = Fixtures.path("../../Benchmarks/models/\(config)/config.json")
      let shape = try ModelShape(JSONObject(file: path), name: config)
      return CostModel(model: shape, hardware: try HardwareProfile(named: "h100x2"), coverage: coverage(shape))
    }
  }
}

extension ExpertCoverage {
  static let paperQwen = ExpertCoverage(
    prompt: [
      .init(rows: 512, share: 0.824), .init(rows: 1024, share: 0.876), .init(rows: 2048, share: 0.92),
      .init(rows: 4096, share: 0.949), .init(rows: 8192, share: 0.985),
    ],
    decode: [
      .init(rows: 16, share: 0.41), .init(rows: 32, share: 0.55), .init(rows: 64, share: 0.69),
      .init(rows: 128, share: 0.863),
    ], one: 8.0 / 128)
}
