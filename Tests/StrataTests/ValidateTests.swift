import Foundation
import OpenCL
import TestSupport
import Testing

/// `strata validate`: right kernels pass, wrong ones do not.
struct ValidateTests {
  @Test(.needsOpenCL, arguments: Strata.devices, ["cpu", "gpu"])
  func normIsRightOnEveryDevice(device: Int, variant: String) async throws {
    let outcome = try await Strata.run("validate", "--device", "\(device)", "--op", "Norm", "--variant", variant)
    let lines = outcome.expectSuccess().output.split(separator: "\n")
    #expect(outcome.errors.isEmpty)
    #expect(lines.count == 2)
    let name = try Device.all()[device].name
    #expect(
      lines.first?.hasPrefix("\(name), driver ") == true && lines.first?.hasSuffix(", \(variant) kernels") == true)
    try expectAllPass(lines.last)
  }

  /// `Norm: N of N cases pass, worst relative error E` with E below what f32 may differ.
  private func expectAllPass(_ line: Substring?) throws {
    let match = try #require(line?.wholeMatch(of: /Norm: (\d+) of (\d+) cases pass, worst relative error (\S+)/))
    #expect(match.1 == match.2 && match.1 != "0")
    let error = try #require(Double(match.3))
    #expect(error >= 0 && error < 1e-5)
  }

  @Test(.needsOpenCL) func partOfANameInAnyCaseIsEnough() async throws {
    let outcome = try await Strata.run("validate", "--op", "nOr", "--verbose", environment: device)
    let lines = outcome.expectSuccess().output.split(separator: "\n")
    let cases = lines.filter { $0.hasPrefix("  Norm ") }
    #expect(cases.count == lines.count - 2 && cases.allSatisfy { $0.hasSuffix("  ok") })
    #expect(lines.last?.hasPrefix("Norm: \(cases.count) of \(cases.count) cases pass") == true)
  }

  @Test(.needsOpenCL) func aWrongKernelIsFound() async throws {
    let kernels = try KernelCopy()
    try kernels.change("Norm/rms_norm.cpu.cl") { $0.replacing("* scale *", with: "* scale * 1.01f *") }
    let outcome = try await Strata.run(
      "validate", "--op", "Norm", "--variant", "cpu", environment: device.merging(kernels.environment) { $1 })
    #expect(outcome.status == 1)
    let lines = outcome.output.split(separator: "\n")
    let failed = lines.count { $0.hasPrefix("  Norm ") }
    let summary = try #require(lines.last?.wholeMatch(of: /Norm: (\d+) of (\d+) cases pass, .*/), "\(outcome)")
    let (passed, count) = (try #require(Int(summary.1)), try #require(Int(summary.2)))
    // All but those in which there is nothing to see, as without a row.
    #expect(failed > count / 2 && passed == count - failed)
    #expect(outcome.errors.hasPrefix("strata: error: device \""))
    #expect(outcome.errors.hasSuffix("\" fails \(failed) of \(count) cases\n"), "\(outcome)")
  }

  @Test(.needsOpenCL) func anUnknownOpIsRefused() async throws {
    let outcome = try await Strata.run("validate", "--op", "nonsense", environment: device)
    outcome.expectFailure("op is \"nonsense\"", "Attention, Embedding, Experts, Linear, Norm, Routing")
  }

  @Test func theReferenceIsNotValidated() async throws {
    try await Strata.run("validate", "--device", "reference").expectFailure("device reference", "OpenCL")
    try await Strata.run("validate", environment: ["STRATA_DEVICE": "reference"]).expectFailure("device reference")
  }

  /// A usable one: the default could be another.
  private var device: [String: String] { ["STRATA_DEVICE": Strata.devices.first.map(String.init) ?? ""] }
}
