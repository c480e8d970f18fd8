import Foundation
import Profiling
import Testing

/// The page opens by itself: nothing in it points outside, and all that was measured is there.
struct PageTests {
  private var ceilings: DeviceCeilings {
    DeviceCeilings(
      device: "a <device> & more", driver: "1", bufferBytes: 1 << 20,
      ceilings: [
        Ceiling(.memoryRead, median: 10e9, best: 20e9, method: "events"),
        Ceiling(.multiplyF32, median: 5e10, best: 5e10, method: "fma"),
        Ceiling(.multiplyBF16, median: 1e11, best: 2e11, method: "dot"),
        Ceiling(.launchAndFinish, median: 2e-5, best: 1e-5, method: "clock"),
      ])
  }

  private func report() -> ProfileReport {
    let choices = ExpertChoices(source: "a text", experts: 4, chosen: 2, layers: [[0, 1, 0, 2, 0, 3, 0, 1], []])
    let run = PolicyRun(
      policy: "layered", promptTokens: 4, iterations: 1, seconds: 1, kernelSeconds: 0.9, expertSeconds: 0.5,
      expertBytes: 8e9, transferredBytes: 0)
    let timeline = DeviceTimeline(slices: [
      .init(row: .kernels, name: "gate_up", start: 0, seconds: 0.5, layer: 0, group: 0..<1),
      .init(row: .copies, name: "expert 1", start: 0.1, seconds: 0.2, layer: 0, byteCount: 5),
    ])
    let loads = ExpertLoadProfile(
      device: "a device", model: "some model", experts: 4, chosenExperts: 2, expertBytes: 100, layers: 1,
      choices: "a text",
      loads: [1, 64].map {
        ExpertLoad(
          batch: $0, expertsTouched: 2, expertBytes: 100, operations: Double($0) * 200, eventSeconds: 1e-6,
          wallSeconds: 1e-6, bandwidth: 20e9, rate: 2e11)
      })
    return ProfileReport(
      ceilings: ceilings, expertLoads: loads, popularity: ExpertPopularity(choices),
      policies: PolicyProfile(runs: [run], timelines: [timeline]))
  }

  @Test func nothingPointsOutside() {
    let page = report().page
    for outside in ["http:", "https:", "src=", "href=", "url(", "@import", "<script", "<link", "<img"] {
      #expect(!page.contains(outside), "\(outside)")
    }
    #expect(page.contains("prefers-color-scheme: dark") && page.contains("width=device-width"))
  }

  @Test func everyPartIsThere() {
    let page = report().page
    for part in ["Roofline", "popularity", "Coverage", "Policies", "Timeline", "Ceilings"] {
      #expect(page.contains("<h2>") && page.contains(part), "\(part)")
    }
    #expect(page.components(separatedBy: "<svg ").count - 1 == 4)
    #expect(page.contains("a &lt;device&gt; &amp; more") && !page.contains("<device>"))
    #expect(!ProfileReport(ceilings: ceilings).page.contains("<svg "), "ceilings by themselves are a table")
  }

  /// Each tag that is opened is closed, in order; numbers are numbers.
  @Test func thePageIsWellFormed() {
    let page = report().page
    #expect(!page.contains("nan") && !page.contains("inf"))
    var open: [Substring] = []
    let void: Set<Substring> = ["meta", "!DOCTYPE"]
    for match in page.matches(of: /<(\/?)([!A-Za-z0-9]+)[^>]*?(\/?)>/) where !void.contains(match.2) {
      if match.1 == "/" {
        #expect(open.popLast() == match.2)
      } else if match.3.isEmpty {
        open.append(match.2)
      }
    }
    #expect(open.isEmpty)
  }
}
