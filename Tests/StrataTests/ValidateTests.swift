import Foundation
import FoundationXML
import OpenCL
import TestSupport
import Testing

/// `strata validate`: right kernels pass, wrong ones do not.
struct ValidateTests {
  @Test(.needsOpenCL, arguments: Strata.devices, ["cpu", "gpu"])
  func normIsRightOnEveryDevice(device: Int, variant: String) async throws {
    let outcome = try await Strata.run(
      "validate", "--device", "\(device)", "--op", "Norm", "--variant", variant, "--summary")
    let lines = outcome.expectSuccess().output.split(separator: "\n")
    let found = try Device.all()[device]
    #expect(lines.count == 6)
    #expect(lines.first == "device \(device): \(found.name)")
    #expect(lines[1].contains(found.platformVersion) && lines[2].contains(found.driverVersion))
    #expect(lines[3].hasSuffix(variant))
    try expectAllPass(lines[4])
    #expect(lines[5].hasSuffix(": \(found.name): OK"))
  }

  /// `Norm: N/N cases passed, largest NMSE E, …` with E below what f32 may differ.
  private func expectAllPass(_ line: Substring) throws {
    let match = try #require(line.wholeMatch(of: /Norm: (\d+)\/(\d+) cases passed, largest NMSE (\S+), .*/))
    #expect(match.1 == match.2 && match.1 != "0")
    let error = try #require(Double(match.3))
    #expect(error >= 0 && error < 1e-10)
  }

  @Test(.needsOpenCL) func partOfANameInAnyCaseIsEnough() async throws {
    let outcome = try await Strata.run("validate", "--op", "nOr", environment: device)
    let lines = outcome.expectSuccess().output.split(separator: "\n")
    let cases = lines.filter { $0.hasPrefix("  Norm(") }
    #expect(cases.count == lines.count - 6 && cases.allSatisfy { $0.hasSuffix(": OK") })
    #expect(lines.dropLast().last?.hasPrefix("Norm: \(cases.count)/\(cases.count) cases passed") == true)
  }

  /// Words of the name choose a case, and the number of random ones is as asked.
  @Test(.needsOpenCL) func shapesAndSeedsChooseCases() async throws {
    let one = try await Strata.run(
      "validate", "--list", "--op", "Linear", "--shape", "K=100 rows=33", "--format", "bf16", "--cases", "0")
    #expect(
      one.expectSuccess().output == """
        Linear(rows=33 K=100 N=65 bf16)
        Linear(rows=33 K=100 N=65 bf16 accumulate)
        2 cases

        """)
    func list(_ arguments: String...) async throws -> Set<Substring> {
      Set(
        try await Strata.run(["validate", "--list", "--op", "Norm"] + arguments).expectSuccess().output.split(
          separator: "\n"
        ).dropLast())
    }
    let none = try await list("--cases", "0")
    let (a, again, b) = (
      try await list("--cases", "5", "--seed", "7"), try await list("--cases", "5", "--seed", "7"),
      try await list("--cases", "5", "--seed", "8")
    )
    #expect(a.count == none.count + 5 && a == again && a != b)
    #expect(a.isSuperset(of: none))
  }

  @Test(.needsOpenCL) func aWrongKernelIsFound() async throws {
    let kernels = try KernelCopy()
    try kernels.change("Norm/rms_norm.cpu.cl") { $0.replacing("* scale *", with: "* scale * 1.01f *") }
    let environment = device.merging(kernels.environment) { $1 }
    let folder = try TemporaryFolder()
    let junit = "\(folder.path)/results.xml"
    let outcome = try await Strata.run(
      "validate", "--op", "Norm", "--variant", "cpu", "--summary", "--junit", junit, environment: environment)
    #expect(outcome.status == 1)
    let lines = outcome.output.split(separator: "\n")
    let failed = lines.filter { $0.hasPrefix("  Norm(") }
    let summary = try #require(
      lines.compactMap { $0.wholeMatch(of: /Norm: (\d+)\/(\d+) cases passed, .*/) }.first, "\(outcome)")
    let (passed, count) = (try #require(Int(summary.1)), try #require(Int(summary.2)))
    // All but those in which there is nothing to see, as without a row.
    #expect(failed.count > count / 2 && passed == count - failed.count)
    #expect(outcome.errors.contains("strata: error: device \""))
    #expect(outcome.errors.hasSuffix("\" fails \(failed.count) of \(count) cases\n"), "\(outcome)")
    let xml = try XMLDocument(data: Data(contentsOf: URL(fileURLWithPath: junit)))
    #expect(try xml.nodes(forXPath: "//testcase").count == count)
    #expect(try xml.nodes(forXPath: "//failure").count == failed.count)

    // The command that is printed for a failure repeats it, and nothing else.
    let again = try #require(lines.first { $0.hasPrefix("    again: strata ") })
    let repeated = try await Strata.run(
      words(of: again.dropFirst("    again: strata ".count)), environment: environment)
    #expect(repeated.status == 1)
    #expect(repeated.output.split(separator: "\n").filter { $0.hasPrefix("  Norm(") } == [failed[0]])
  }

  /// As a shell would cut a line, with double quotes alone.
  private func words(of line: Substring) -> [String] {
    line.split(separator: "\"", omittingEmptySubsequences: false).enumerated().flatMap { index, part in
      index.isMultiple(of: 2) ? part.split(separator: " ").map(String.init) : [String(part)]
    }
  }

  @Test(.needsOpenCL) func resultsAsJSON() async throws {
    let outcome = try await Strata.run("validate", "--op", "Norm", "--cases", "0", "--json", environment: device)
    let devices = try #require(
      JSONSerialization.jsonObject(with: Data(outcome.expectSuccess().output.utf8)) as? [[String: Any]])
    let entries = try #require(devices.first?["entries"] as? [[String: Any]])
    #expect(devices.count == 1 && !entries.isEmpty)
    #expect(entries.allSatisfy { $0["ok"] as? Bool == true && ($0["nmse"] as? Double ?? 1) < 1e-12 })
  }

  /// Every case takes time, and no rate is beyond what a device could do.
  @Test(.needsOpenCL) func timesAsCSV() async throws {
    let outcome = try await Strata.run(
      "validate", "--op", "Linear", "--cases", "0", "--shape", "K=192", "--perf", "--csv", environment: device)
    let rows = outcome.expectSuccess().output.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    #expect(rows[0].joined(separator: ",") == "device,op,case,us,gflops,gbps,share,limit")
    #expect(rows.count > 2)
    for row in rows.dropFirst() {
      let us = try #require(Double(row[3]))
      let gflops = try #require(Double(row[4]))
      #expect(us > 0 && gflops > 0 && gflops < 1e6)
    }
  }

  @Test(.needsOpenCL) func wholeModelsAreCompared() async throws {
    let outcome = try await Strata.run(
      "validate", "--op", "model", "--model", Fixtures.path("qwen3_moe"), environment: device)
    let lines = outcome.expectSuccess().output.split(separator: "\n").filter { $0.hasPrefix("  Model(") }
    // Inputs of four layers, the final norm, logits, tokens.
    #expect(lines.count == 7 && lines.allSatisfy { $0.hasSuffix(": OK") })
  }

  @Test func optionsThatExcludeEachOtherAreRefused() async throws {
    for words in [["--list", "--perf"], ["--csv"], ["--perf", "--junit", "x"], ["--all-devices", "--device", "0"]] {
      #expect(try await Strata.run(["validate"] + words).status == 64, "\(words)")
    }
    try await Strata.run("validate", "--shape", "K=nonsense", "--list").expectFailure(
      "shape is \"K=nonsense\"", "--list")
  }

  @Test(.needsOpenCL) func anUnknownOpIsRefused() async throws {
    let outcome = try await Strata.run("validate", "--op", "nonsense", environment: device)
    outcome.expectFailure("op is \"nonsense\"", "Attention, Embedding, Experts, HeadProducts, Linear, Norm, Routing")
  }

  @Test func theReferenceIsNotValidated() async throws {
    try await Strata.run("validate", "--device", "reference").expectFailure("device reference", "OpenCL")
    try await Strata.run("validate", environment: ["STRATA_DEVICE": "reference"]).expectFailure("device reference")
  }

  /// A usable one: the default could be another.
  private var device: [String: String] { ["STRATA_DEVICE": Strata.devices.first.map(String.init) ?? ""] }
}
