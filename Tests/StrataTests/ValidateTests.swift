import Backend
import Foundation
import FoundationXML
import OpenCL
import OpenCLBackend
import TestSupport
import Testing

/// `strata validate`: right kernels pass, wrong ones do not.
struct ValidateTests {
  @Test(.needsOpenCL, arguments: Strata.devices, ["cpu", "gpu"])
  func normIsRightOnEveryDevice(device: Int, variant: String) async throws {
    let outcome = try await Strata.run(
      "validate", "--device", "\(device)", "--op", "Norm", "--variant", variant, "--subgroups", "none", "--summary")
    let lines = outcome.expectSuccess().output.split(separator: "\n")
    let found = try Device.all()[device]
    #expect(lines.count == 6)
    #expect(lines.first == "device \(device): \(found.name)")
    #expect(lines[1].contains(found.platformVersion) && lines[2].contains(found.driverVersion))
    #expect(kernelsSaid(in: lines[3]).hasSuffix(" \(variant)"))
    try expectAllPass(lines[4])
    #expect(lines[5].hasSuffix(": \(found.name): OK"))
  }

  /// What a line says of the kernels, whether or not somebody tuned the device.
  private func kernelsSaid(in line: Substring) -> Substring { line.hasSuffix(", tuned") ? line.dropLast(7) : line }

  /// Subgroups that are acted out are said, and go with kernels for GPUs only.
  @Test(.needsOpenCL) func subgroupsAreChosen() async throws {
    let words = ["validate", "--op", "Norm", "--shape", "K=63", "--cases", "0", "--summary", "--subgroups"]
    let outcome = try await Strata.run(words + ["emulated", "--variant", "gpu"], environment: device)
    let lines = outcome.expectSuccess().output.split(separator: "\n")
    #expect(lines.count == 6 && kernelsSaid(in: lines[3]).hasSuffix("gpu, subgroups of 16, acted out"))
    try await Strata.run(words + ["emulated", "--variant", "cpu"], environment: device).expectFailure(
      "subgroups is \"emulated\"", "--variant gpu or mma")
  }

  /// Kernels that cannot round activations say so.
  @Test(.needsOpenCL, arguments: [("gpu", "int8", "f32"), ("mma", "bf16", "f32 or int8")])
  func activationsThatKernelsDoNotTakeAreRefused(variant: String, activations: String, expected: String) async throws {
    let words = ["--op", "Norm", "--variant", variant, "--activations", activations]
    try await Strata.run(["validate"] + words, environment: device).expectFailure(
      "activations \(activations): kernels of style \(variant) do not take them; expected \(expected)")
  }

  /// A device has subgroups that the kernels use, and is checked with and without them, or it has none, which is said.
  @Test(.needsOpenCL, arguments: Strata.devices) func subgroupsOfADeviceAreChecked(device: Int) async throws {
    let words = ["validate", "--device", "\(device)", "--op", "Norm", "--shape", "K=63", "--cases", "0", "--summary"]
    let outcome = try await Strata.run(words + ["--variant", "gpu"])
    let lines = outcome.expectSuccess().output.split(separator: "\n")
    let kernels = lines.filter { $0.contains("  kernels ") }.map(kernelsSaid)
    let own = try await Strata.run(words + ["--variant", "gpu", "--subgroups", "device"])
    if let found = Subgroups.found(on: try Device.all()[device]) {
      #expect(kernels.count == 2 && kernels[0].hasSuffix("gpu, \(found.name)") && kernels[1].hasSuffix("gpu"))
      #expect(own.expectSuccess().output.contains(found.name))
    } else {
      #expect(kernels.count == 1 && kernels[0].hasSuffix("gpu"))
      own.expectFailure("subgroups is \"device\"", "has none")
    }
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

    let suites = try xml.nodes(forXPath: "/testsuites/testsuite")
    #expect(suites.count == 1)
    for (name, value) in ["kernels": "cpu", "subgroups": "none"] {
      let property = "//testsuite/properties/property[@name='\(name)'][@value='\(value)']"
      #expect(try xml.nodes(forXPath: property).count == 1)
    }
    #expect(try xml.nodes(forXPath: "//testsuite/properties/property[@name='tuned']").count == 1)

    // The command that is printed for a failure repeats it, and nothing else.
    let again = try #require(lines.first { $0.hasPrefix("    again: ") })
    let repeated = try await run(again: again)
    #expect(repeated.status == 1)
    #expect(repeated.output.split(separator: "\n").filter { $0.hasPrefix("  Norm(") } == [failed[0]])
  }

  /// Options and variables that change what is computed are in the command that repeats a failure.
  @Test(.needsOpenCL) func theCommandThatRepeatsAFailureHasItsOptions() async throws {
    let kernels = try KernelCopy()
    try kernels.change("Norm/rms_norm.cpu.cl") { $0.replacing("* scale *", with: "* scale * 1.01f *") }
    let model = Fixtures.path("qwen3_moe")
    let environment = device.merging(kernels.environment) { $1 }.merging(["STRATA_OP_FILTER": "Routing|Linear"]) { $1 }
    for activations in ["f32", "int8"] {
      let outcome = try await Strata.run(
        "validate", "--op", "Model", "--variant", "cpu", "--model", model, "--activations", activations, "--summary",
        environment: environment)
      #expect(outcome.status == 1)
      let lines = outcome.output.split(separator: "\n")
      let again = try #require(lines.first { $0.hasPrefix("    again: ") }, "\(outcome)")
      #expect(again.contains("STRATA_OP_FILTER='Routing|Linear' "))
      #expect(again.contains("--op Model --model '\(model)'"))
      #expect(again.contains("--activations \(activations)"))
      let repeated = try await run(again: again)
      #expect(repeated.output.contains("  Model(\(model) ") && repeated.status == 1)
    }
  }

  /// Runs the command that a line of output gives, by a shell.
  private func run(again line: Substring) async throws -> Outcome {
    let command = String(line.dropFirst("    again: ".count)).replacing("strata validate ", with: "\"$0\" validate ")
    return try await Strata.run([], environment: device, shell: command)
  }

  /// What a compiler refuses fails the cases that need it; all others run.
  @Test(.needsOpenCL) func aKernelThatDoesNotBuildEndsNothing() async throws {
    let kernels = try KernelCopy()
    try kernels.change("Norm/rms_norm.cpu.cl") { $0 + "\nnot_declared_anywhere broken;\n" }
    let folder = try TemporaryFolder()
    let junit = "\(folder.path)/results.xml"
    let outcome = try await Strata.run(
      "validate", "--variant", "cpu", "--shape", "K=1 rows=1", "--cases", "0", "--junit", junit,
      environment: device.merging(kernels.environment) { $1 })
    #expect(outcome.status == 1)
    let lines = outcome.output.split(separator: "\n").filter { $0.hasPrefix("  ") && $0.contains("): ") }
    let failed = lines.filter { !$0.hasSuffix(": OK") }
    #expect(failed.count == 1 && failed[0].hasPrefix("  Norm(rows=1 K=1): FAIL: cl"), "\(outcome)")
    #expect(lines.contains { $0.hasPrefix("  Linear(rows=1 K=1 N=2 bf16): ") })
    #expect(
      outcome.output.contains("Norm: 0/1 cases passed") && outcome.errors.contains("fails 1 of \(lines.count) cases"))
    let xml = try XMLDocument(data: Data(contentsOf: URL(fileURLWithPath: junit)))
    let failures = try xml.nodes(forXPath: "//testsuite[@failures='1']/testcase[@classname='Norm']/failure")
    #expect(failures.count == 1 && failures.first?.stringValue?.contains("not_declared_anywhere") == true)
    #expect(try xml.nodes(forXPath: "//testcase").count == lines.count)
  }

  @Test(.needsOpenCL) func resultsAsJSON() async throws {
    let outcome = try await Strata.run("validate", "--op", "Norm", "--cases", "0", "--json", environment: device)
    let devices = try #require(
      JSONSerialization.jsonObject(with: Data(outcome.expectSuccess().output.utf8)) as? [[String: Any]])
    let entries = try #require(devices.first?["entries"] as? [[String: Any]])
    #expect(devices.count == 1 && !entries.isEmpty)
    #expect(entries.allSatisfy { $0["ok"] as? Bool == true && ($0["nmse"] as? Double ?? 1) < 1e-12 })
  }

  /// Every case takes time, and no rate is beyond what a device could do; what is a product behind another op, too.
  @Test(.needsOpenCL) func timesAsCSV() async throws {
    let outcome = try await Strata.run(
      "validate", "--op", "Linear", "--cases", "0", "--shape", "K=192", "--perf", "--csv", environment: device)
    let rows = outcome.expectSuccess().output.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    #expect(rows[0].joined(separator: ",") == "device,op,case,us,gflops,gbps,share,limit,subgroups")
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

  /// Outside of the project's folder there is no model but one that is named.
  @Test(.needsOpenCL) func aModelThatIsNotThereIsSaid() async throws {
    let elsewhere = "cd / && exec \"$0\" \"$@\""
    let alone = try await Strata.run("validate", "--op", "Model", environment: device, shell: elsewhere)
    alone.expectFailure("op is \"Model\"", "Tests/Fixtures/tiny-moe", "--model")
    // A part of the names of Embedding, Norm and Model.
    let outcome = try await Strata.run(
      "validate", "--op", "m", "--cases", "0", "--summary", environment: device, shell: elsewhere)
    #expect(outcome.expectSuccess().output.contains("\nModel: left out: Tests/Fixtures/tiny-moe is not here"))
  }

  /// Before any case runs.
  @Test(.needsOpenCL) func aBadModelIsRefusedAtOnce() async throws {
    let folder = try TemporaryFolder()
    try folder.write("config.json", "{}")
    try await Strata.run("validate", "--model", folder.path, environment: device).expectFailure(
      "\(folder.path)/config.json", "architectures")
  }

  /// Two devices, even if both are the same, are one document.
  @Test(.needsOpenCL) func timesOfSeveralDevicesAreOneDocument() async throws {
    let index = "\(Strata.devices[0])"
    let words = [
      "validate", "--device", index, "--device", index, "--op", "Norm", "--shape", "K=63", "--cases", "0", "--perf",
    ]
    struct Entry: Decodable { var device: String }
    let entries: [Entry] = try await Strata.run(words + ["--json"]).expectSuccess().json()
    #expect(entries.count == 2)
    let lines = try await Strata.run(words + ["--csv"]).expectSuccess().output.split(separator: "\n")
    #expect(lines.count == 3 && lines.count { $0.hasPrefix("device,op,") } == 1)
  }

  /// What was tuned is what is checked.
  @Test(.needsOpenCL) func tunedCutsAreUsed() async throws {
    let folder = try TemporaryFolder()
    let found = try Device.all()[Strata.devices[0]]
    var tuned = TunedDevice(found, .cpu)
    tuned.entries.append(.init(Tuning.Key(.grouping, nil, .many), Tuning.Cut(itemRows: 32), speedup: 1.5))
    try tuned.save(found, folder: "\(folder.path)/tuning")
    let outcome = try await Strata.run(
      "validate", "--variant", "cpu", "--op", "Norm", "--shape", "K=63",
      environment: device.merging(["STRATA_CACHE_DIR": folder.path]) { $1 })
    #expect(outcome.expectSuccess().output.contains("cpu, tuned\n"), "\(outcome)")
  }

  /// A usable one: the default could be another.
  private var device: [String: String] { ["STRATA_DEVICE": Strata.devices.first.map(String.init) ?? ""] }
}
