import Foundation
import Simulation
import TestSupport
import Testing

struct ExpertCoverageTests {
  static let curves =
    [ExpertCoverage.paperQwen]
    + [(128, 8), (32, 4), (8, 8), (512, 1)].map {
      ExpertCoverage(experts: $0.0, chosen: $0.1, promptSpread: 2.1, decodeSpread: 1.4)
    }

  @Test func isExactAtItsPoints() {
    let curve = ExpertCoverage.paperQwen
    for (tokens, share) in [(512, 0.824), (1024, 0.876), (2048, 0.92), (4096, 0.949), (8192, 0.985)] {
      #expect(abs(curve.ofPrompt(tokens) - share) < 1e-12)
    }
    for (rows, share) in [(16, 0.41), (32, 0.55), (64, 0.69), (128, 0.863)] {
      #expect(abs(curve.ofDecode(rows) - share) < 1e-12)
    }
    // Linear in the logarithm: half way from 512 to 1024 is √2 · 512 = 724.
    #expect(abs(curve.ofPrompt(724) - 0.85) < 1e-3)
  }

  @Test func oneRowMeetsTheChosen() {
    for (curve, share) in zip(Self.curves, [0.0625, 0.0625, 0.125, 1, 1.0 / 512]) {
      #expect(abs(curve.ofPrompt(1) - share) < 1e-9)
      #expect(abs(curve.ofDecode(1) - share) < 1e-9)
      #expect(curve.ofPrompt(0) == 0 && curve.ofDecode(0) == 0)
    }
  }

  @Test func moreRowsMeetNoFewer() {
    for curve in Self.curves {
      var last = (prompt: 0.0, decode: 0.0)
      for rows in (0...2000).map({ $0 * 17 }) {
        let next = (prompt: curve.ofPrompt(rows), decode: curve.ofDecode(rows))
        #expect(next.prompt >= last.prompt - 1e-12 && next.prompt <= 1)
        #expect(next.decode >= last.decode - 1e-12 && next.decode <= 1)
        last = next
      }
    }
  }

  @Test func bothMeetTheUnion() {
    let curve = ExpertCoverage.paperQwen
    #expect(abs(curve.ofBoth(promptTokens: 512, decodeRows: 32) - (1 - 0.176 * 0.45)) < 1e-12)
    #expect(curve.ofBoth(promptTokens: 0, decodeRows: 32) == curve.ofDecode(32))
    #expect(curve.ofBoth(promptTokens: 512, decodeRows: 0) == curve.ofPrompt(512))
  }

  /// The spreads that stand in for an unknown model fit the paper's points of Qwen.
  @Test func theSpreadsFitThePaper() {
    let curve = ExpertCoverage(
      experts: 128, chosen: 8, promptSpread: ExpertCoverage.promptSpread, decodeSpread: ExpertCoverage.decodeSpread)
    for tokens in [512, 1024, 2048, 4096, 8192] {
      #expect(abs(curve.ofPrompt(tokens) - ExpertCoverage.paperQwen.ofPrompt(tokens)) < 0.03)
    }
    for rows in [16, 32, 64, 128] {
      #expect(abs(curve.ofDecode(rows) - ExpertCoverage.paperQwen.ofDecode(rows)) < 0.05)
    }
  }

  @Test func aRecordedProfileIsRead() throws {
    let folder = try TemporaryFolder()
    let shape = try Setup.shape(Setup.gptOSS)
    let file = try folder.write(
      "c.json", #"{"prompt": [{"rows": 512, "share": 0.9}], "decode": [{"rows": 32, "share": 0.8}]}"#)
    let curve = try ExpertCoverage(file: file, model: shape)
    #expect(abs(curve.ofPrompt(512) - 0.9) < 1e-12 && abs(curve.ofDecode(32) - 0.8) < 1e-12)
    #expect(abs(curve.ofDecode(1) - 0.125) < 1e-12)
    for (text, problem) in [
      (#"{"prompt": []}"#, "field decode: it is missing"),
      (#"{"prompt": [], "decode": []}"#, "field prompt: it has no point"),
      (#"{"prompt": [{"rows": 2, "share": 1.5}], "decode": []}"#, "field prompt: found 2.0 rows with a share of 1.5"),
      (
        #"{"prompt": [{"rows": 2, "share": 0.5}, {"rows": 4, "share": 0.4}], "decode": []}"#,
        "field prompt: found 4.0 rows with a share of 0.4"
      ), ("[", "not valid JSON"),
    ] {
      let bad = try folder.write("bad.json", text)
      let error = #expect(throws: SimulationError.self) { try ExpertCoverage(file: bad, model: shape) }
      #expect(error?.description.hasPrefix("\(bad): \(problem)") == true, "\(error?.description ?? "")")
    }
  }
}
