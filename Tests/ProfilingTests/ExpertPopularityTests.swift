import Foundation
import Profiling
import Simulation
import TestSupport
import Testing

struct ExpertPopularityTests {
  @Test func theGiniCoefficientOfKnownCounts() {
    #expect(ExpertPopularity.gini([5, 5, 5, 5]) == 0)
    // One of four has everything: (n − 1) / n.
    #expect(ExpertPopularity.gini([0, 8, 0, 0]) == 0.75)
    // 1, 2, 3: (−2 · 1 + 0 · 2 + 2 · 3) / (3 · 6) = 4 / 18.
    #expect(abs(ExpertPopularity.gini([3, 1, 2]) - 4.0 / 18) < 1e-12)
    #expect(ExpertPopularity.gini([0, 0]) == 0)
  }

  /// Tokens 0, 1, 2, 3 choose experts 0 and 1, 0 and 2, 0 and 3, 0 and 1; the second layer is dense.
  private let choices = ExpertChoices(
    source: "four tokens", experts: 4, chosen: 2, layers: [[0, 1, 0, 2, 0, 3, 0, 1], []])

  @Test func countsAndCoverageAreOfTheText() {
    let found = ExpertPopularity(choices)
    #expect(found.tokens == 4)
    #expect(found.layers == [[4, 2, 1, 1], []])
    // (−3 · 1 − 1 · 1 + 1 · 2 + 3 · 4) / (4 · 8)
    #expect(found.gini == [10.0 / 32, nil])
    // One token meets 2 of 4, any two in a row 3, all of them 4.
    #expect(found.prompt == [.init(rows: 1, share: 0.5), .init(rows: 2, share: 0.75), .init(rows: 4, share: 1)])
    #expect(found.decode.first == .init(rows: 1, share: 0.5))
  }

  @Test func whatIsSavedIsRead() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/popularity.json"
    try ExpertPopularity(choices).write(to: path)
    try folder.write(
      "config.json",
      #"{"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "num_experts": 4, "#
        + #""num_experts_per_tok": 2, "moe_intermediate_size": 32, "vocab_size": 100, "max_position_embeddings": 512}"#)
    let coverage = try ExpertCoverage(file: path, model: ModelShape(at: folder.path))
    #expect(coverage.ofPrompt(1) == 0.5 && coverage.ofPrompt(2) == 0.75 && coverage.ofPrompt(4) == 1)
    let file = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any]
    #expect(file?["layers"] as? [[Int]] == [[4, 2, 1, 1], []])
    let error = #expect(throws: ProfilingError.self) { try ExpertPopularity(choices).write(to: "/nowhere/p.json") }
    #expect(error?.description.hasPrefix("/nowhere/p.json: cannot be written") == true)
  }

  /// The map has a line for each layer, and the most used expert is the darkest.
  @Test func theHeatMapIsForPeople() {
    let lines = ExpertPopularity(choices).lines
    #expect(lines.contains("  0 █▄▂▂  0.31"))
    #expect(lines.contains("  1 dense"))
  }
}
