import Scheduling
import Simulation
import Testing

/// Figure 3 of the paper, two minutes of each panel instead of ten.
struct PanelTests {
  private static let seconds = 120.0

  private static let policies = [
    PolicyOptions(.chunked), PolicyOptions(.layered), PolicyOptions(.adaptive, tbtTarget: 0.1),
  ]

  @Test(arguments: Setup.panels)
  func layeredDecodesAsSteadilyAndReadsLess(panel: Setup.Panel) async throws {
    let found = try await Setup.reports(panel, Self.policies, seconds: Self.seconds)
    let (chunked, layered, adaptive) = (found[0], found[1], found[2])
    // In d a group of GPT-OSS's 24 layers has up to 683 tokens' work, and a chunk 512 less its many decode rows:
    // Documentation/simulation.md has more of it.
    let isD = panel.name == "d"
    #expect(layered.itl.p99 < (isD ? 1.35 : 1.15) * chunked.itl.p99)
    #expect(layered.ttft.mean < (isD ? 1.15 : 0.9) * chunked.ttft.mean)
    #expect(experts(layered) < 0.9 * experts(chunked))
    #expect((adaptive.attainment ?? 0) >= max(layered.attainment ?? 1, chunked.attainment ?? 1) - 0.01)
    #expect(adaptive.ttft.mean < min(layered.ttft.mean, chunked.ttft.mean))
  }

  private func experts(_ report: ServingReport) -> Double { report.expertBytesPrefill + report.expertBytesDecode }

  /// Where chunked is overloaded, layered is not, and adaptive still keeps every limit.
  @Test func underMoreLoad() async throws {
    let panel = try #require(Setup.panels.first)
    let found = try await Setup.reports(panel, Self.policies, seconds: 200, rate: 1.7)
    let attainment = found.compactMap(\.attainment)
    #expect(attainment.count == 3)
    #expect(attainment[0] < 0.7 && attainment[1] > 0.9 && attainment[2] > 0.99, "\(attainment)")
  }
}
