import Foundation
import TestSupport
import Testing

/// `STRATA_KERNELS`: kernels from a folder in place of those in the executable, and what is said when they are bad.
@Suite(.needsOpenCL)
struct KernelTests {
  private func run(_ environment: [String: String]) async throws -> Outcome {
    try await Strata.run(
      "run", "--model", Fixtures.path("tiny-moe"), "--prompt", Greedy.prompt, "--max-tokens", "48", "--json",
      environment: environment.merging(["STRATA_DEVICE": "\(Strata.devices[0])"]) { $1 })
  }

  private func tokens(_ outcome: Outcome) throws -> [Int32]? {
    try outcome.expectSuccess().json(RunJSON.self).requests.first?.tokens
  }

  @Test func aFolderStandsInForTheExecutable() async throws {
    let expected = try Greedy.continuation().tokens
    let kernels = try KernelCopy()
    #expect(try tokens(await run(kernels.environment)) == expected)
    #expect(try tokens(await run(["STRATA_KERNELS": ""])) == expected)
    // It is read indeed.
    for style in ["cpu", "gpu"] {
      try kernels.change("Norm/rms_norm.\(style).cl") { $0.replacing("* scale", with: "* scale * 3.0f") }
    }
    #expect(try tokens(await run(kernels.environment)) != expected)
  }

  /// Kernels that nobody has built before take longer than a second together, on a CPU driver at least.
  @Test func aFirstStartSaysThatItBuilds() async throws {
    let caches = try TemporaryFolder()
    let first = try await run(["STRATA_CACHE_DIR": "\(caches.path)/strata", "POCL_CACHE_DIR": "\(caches.path)/pocl"])
    first.expectSuccess()
    let isPoCL = first.errors.contains("pthread") || first.errors.contains("cpu-")
    #expect(!isPoCL || first.errors.contains("building Kernels/"), "\(first)")
  }

  @Test func aMissingFolderIsNamed() async throws {
    let folder = try TemporaryFolder()
    let absent = "\(folder.path)/absent"
    let outcome = try await run(["STRATA_KERNELS": absent])
    outcome.expectFailure("\(absent)/", "STRATA_KERNELS")
  }

  @Test func aMissingKernelIsNamed() async throws {
    let kernels = try KernelCopy()
    try FileManager.default.removeItem(atPath: "\(kernels.folder.path)/Embedding/gather.cl")
    try await run(kernels.environment).expectFailure("\(kernels.folder.path)/Embedding/gather.cl: ", "STRATA_KERNELS")
  }

  /// The error names the kernel, and has the compiler's log behind its first line. The driver may write to stderr, too.
  @Test func aKernelThatDoesNotBuildIsNamedWithTheLog() async throws {
    let kernels = try KernelCopy()
    for style in ["cpu", "gpu"] {
      try kernels.change("Norm/rms_norm.\(style).cl") { $0 + "\nnot_declared_anywhere broken;\n" }
    }
    let outcome = try await run(kernels.environment)
    #expect(outcome.status == 1 && outcome.data.isEmpty, "\(outcome)")
    let start = try #require(outcome.errors.range(of: "strata: error: "), "\(outcome)")
    let lines = outcome.errors[start.lowerBound...].split(separator: "\n")
    // As a kernel, or as a stage of one.
    let failure = /cl(Build|Compile)Program: CL_(BUILD|COMPILE)_PROGRAM_FAILURE: program “Kernels\/Norm\/rms_norm\./
    #expect(lines[0].contains(failure))
    #expect(lines[0].hasSuffix(":") && !lines[0].contains("not_declared_anywhere"))
    #expect(lines.dropFirst().contains { $0.contains("not_declared_anywhere") }, "\(outcome)")
  }

  @Test func aFileWithoutItsKernelIsNamed() async throws {
    let kernels = try KernelCopy()
    for style in ["cpu", "gpu"] {
      try kernels.change("Norm/rms_norm.\(style).cl") {
        $0.replacing(/([ (])rms_norm([()])/) { "\($0.1)other_name\($0.2)" }
      }
    }
    let outcome = try await run(kernels.environment)
    #expect(outcome.status == 1 && outcome.data.isEmpty, "\(outcome)")
    // As a kernel, or as a stage of one.
    #expect(outcome.errors.contains(/strata: error: .*(CL_INVALID_KERNEL_NAME|CL_COMPILE_PROGRAM_FAILURE)/))
    #expect(outcome.errors.contains("program “Kernels/Norm/rms_norm."), "\(outcome)")
    #expect(outcome.errors.contains(/rms_norm['”]/))
  }
}

/// The project's kernels in a folder of their own, to be changed.
struct KernelCopy {
  let folder: TemporaryFolder
  var environment: [String: String] { ["STRATA_KERNELS": folder.path] }

  init() throws {
    folder = try TemporaryFolder()
    let source = Fixtures.path("../../Kernels")
    for name in try FileManager.default.contentsOfDirectory(atPath: source) where !name.contains(".") {
      try FileManager.default.copyItem(atPath: "\(source)/\(name)", toPath: "\(folder.path)/\(name)")
    }
  }

  /// Changes the text of a file; it must become another.
  func change(_ name: String, _ change: (String) -> String) throws {
    let text = try String(contentsOfFile: "\(folder.path)/\(name)", encoding: .utf8)
    let changed = change(text)
    guard changed != text else { throw NothingChanged(name: name) }
    try folder.write(name, changed)
  }

  struct NothingChanged: Error { let name: String }
}
