import Backend
import OpenCL
import TestSupport
import Testing

/// `strata validate`: which cases are chosen, and what cannot be asked for.
struct ValidateOptionsTests {
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

  /// A second process that builds kernels changes nothing that is said, runs all cases while somebody waits, and ends when nobody does.
  @Test(.needsOpenCL) func aSecondProcessBuildsAhead() async throws {
    func lines(_ options: String...) async throws -> Int {
      let output = try await Strata.run(["validate", "--device", "0", "--op", "Norm"] + options).expectSuccess().output
      return output.split(separator: "\n").count { $0.contains("): NMSE") && $0.hasSuffix(": OK") }
    }
    let count = try await lines("--no-ahead")
    #expect(count >= 20)
    #expect(try await lines("--ahead") == count)
    let arguments = ["--device", "0", "--op", "Norm", "--backwards"]
    let folder = try TemporaryFolder()
    let wanted = try await Strata.run(
      ["validate"] + arguments, shell: "mkfifo \(folder.path)/in; exec 3<>\(folder.path)/in; \"$0\" \"$@\" <&3")
    #expect(wanted.expectSuccess().output == String(repeating: ".", count: count))
    let unwanted = try await Strata.run(["validate"] + arguments, shell: "\"$0\" \"$@\" </dev/null")
    #expect(unwanted.expectSuccess().output == "")
  }

  @Test func optionsThatExcludeEachOtherAreRefused() async throws {
    for words in [
      ["--list", "--perf"], ["--csv"], ["--perf", "--junit", "x"], ["--all-devices", "--device", "0"],
      ["--support", "--op", "Norm"], ["--support", "--variant", "cpu"], ["--perf", "--summary"],
      ["--perf", "--model", "x"], ["--list", "--activations", "f32"], ["--json", "--summary"],
    ] {
      try await Strata.run(["validate"] + words).expectUsageError(words.first { $0.hasPrefix("--") } ?? "")
    }
    try await Strata.run("validate", "--seed", "-5").expectUsageError("seed is \"-5\", expected a whole number from 0")
    try await Strata.run("validate", "--cases", "abc").expectUsageError("cases is \"abc\", expected a whole number")
  }

  @Test func whatChoosesNoCaseIsNamed() async throws {
    try await Strata.run("validate", "--shape", "K=nonsense", "--list").expectFailure(
      "shape is \"K=nonsense\"", "--list")
    try await Strata.run("validate", "--op", "", "--list").expectFailure("op is \"\"", "Attention", "Model")
    try await Strata.run("validate", "--op", "Model", "--list").expectFailure("op is \"Model\"", "no cases to list")
    try await Strata.run("validate", "--op", "Model", "--format", "bf16").expectFailure("op is \"Model\"", "--format")
    try await Strata.run("validate", "--format", "last", "--list").expectFailure(
      "format is \"last\", expected one of ", "bf16", "Q8_0", "MXFP4")
    try await Strata.run("validate", "--op", "Routing", "--format", "bf16", "--list").expectFailure(
      "op Routing has no weights: no case is in bf16")
  }

  private struct ListedCase: Decodable {
    var op: String
    var name: String
    var formats: [String]
  }

  /// By GGUF's name, ours, and in any case; those of several formats, too.
  @Test func formatsChooseCases() async throws {
    for name in ["Q4_K", "q4_k", "q4K"] {
      let cases: [ListedCase] = try await Strata.run(
        "validate", "--list", "--json", "--op", "Linear", "--format", name, "--cases", "0"
      ).expectSuccess().json()
      #expect(cases.allSatisfy { $0.op == "Linear" && $0.formats.contains("Q4_K") && $0.name.contains("Q4_K") })
      #expect(cases.contains { $0.formats == ["Q4_K", "Q6_K"] } && cases.contains { $0.formats == ["Q4_K"] })
    }
  }

  private struct Support: Decodable {
    struct Op: Decodable {
      var op: String
      var formats: [String]
      var variants: [String: String]
    }

    var ops: [Op]
  }

  /// Each op that has weights takes each format, by the kernels of each variant.
  @Test(.needsOpenCL) func supportSaysWhichFormatsAnOpTakes() async throws {
    let devices: [Support] = try await Strata.run("validate", "--support", "--json", environment: device)
      .expectSuccess()
      .json()
    let ops = try #require(devices.first?.ops)
    for op in ["Embedding", "Linear", "HeadProducts", "Experts"] {
      let own = ops.filter { $0.op == op }
      #expect(Set(own.flatMap(\.formats)) == Set(ElementFormat.weights.map(\.name)))
      #expect(own.allSatisfy { Set($0.variants.keys) == ["cpu", "gpu", "mma"] })
    }
    #expect(
      ops.filter { $0.op == "Linear" }.contains { $0.formats.contains("Q8_0") && $0.variants["mma"] == "matrix units" })
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
