import Foundation
import TestSupport
import Testing

/// Races and reads out of bounds, which give the right values on a CPU: Oclgrind, a simulator, finds them.
@Suite(.enabled(if: Oclgrind.path != nil, "needs oclgrind"), .serialized)
struct OclgrindTests {
  static let mutants: [KernelMutant] = [
    KernelMutant(
      .read, "Common/shared_rows.clh", "m < rows && k + kk < K ?", "m < rows ?", "gpu", "Linear",
      "rows=3 K=33 N=45 bf16"),
    KernelMutant(
      .read, "Common/tiles.clh", "first + n < N && k + kk < K ?", "first + n < N ?", "gpu", "Linear",
      "rows=3 K=33 N=45 bf16"),
    KernelMutant(
      .read, "Norm/rms_norm.gpu.cl", "kept[i] = k < K ? x[k] : 0.0f;", "kept[i] = k < K + 1 ? x[k] : 0.0f;", "gpu",
      "Norm",
      "rows=9 K=63"),
    KernelMutant(
      .read, "Routing/choose.clh", "p[i] = e < EXPERTS ? logits[e] : -INFINITY;", "p[i] = logits[e];", "gpu", "Routing",
      "rows=7 experts=8 chosen=2 softmax"),
    KernelMutant(
      .barrier, "Common/group_sum.clh", "    barrier(CLK_LOCAL_MEM_FENCE);\n    if (i < width)", "    if (i < width)",
      "gpu",
      "Norm", "rows=9 K=63"),
    KernelMutant(
      .barrier, "Linear/linear.gpu.cl", "    barrier(CLK_LOCAL_MEM_FENCE);\n    load_rows", "    load_rows", "gpu",
      "Linear",
      "rows=3 K=33 N=45 bf16"),
    KernelMutant(
      .barrier, "Common/group_sum.clh", "scratch[0];\n  barrier(CLK_LOCAL_MEM_FENCE);", "scratch[0];", "gpu", "Routing",
      "rows=7 experts=8 chosen=2 softmax"),
  ]

  /// With subgroups, acted out.
  static let subgroupMutants: [KernelMutant] = [
    KernelMutant(
      .read, "Common/held_rows.clh", "kk < BLOCK_K && k + kk < K ?", "kk < BLOCK_K ?", "gpu", "Linear",
      "rows=3 K=33 N=45 bf16"),
    KernelMutant(
      .barrier, "Common/group_sum.clh", "scratch[p * SUBGROUP_SIZE + lane];\n  barrier(CLK_LOCAL_MEM_FENCE);",
      "scratch[p * SUBGROUP_SIZE + lane];", "gpu", "Norm", "rows=9 K=63"),
  ]
  private static let actedOut = ["--subgroups", "emulated"]

  /// The kernels as they are have neither.
  @Test func rightKernelsAreClean() async throws {
    for (mutants, options) in [(Self.mutants, []), (Self.subgroupMutants, Self.actedOut)] {
      for (op, shape) in Set(mutants.map { "\($0.op)/\($0.shape ?? "")" }).sorted().map(Self.parts) {
        let outcome = try await Oclgrind.validate(op: op, shape: shape, options, environment: [:])
        #expect(outcome.log.isEmpty && outcome.status == 0, "\(op) \(shape): \(outcome.log.prefix(400))")
      }
    }
  }

  @Test(arguments: mutants) func aPlantedFaultIsFound(_ mutant: KernelMutant) async throws {
    try await expectFound(mutant)
  }

  @Test(arguments: subgroupMutants) func aPlantedFaultWithSubgroupsIsFound(_ mutant: KernelMutant) async throws {
    try await expectFound(mutant, Self.actedOut)
  }

  private func expectFound(_ mutant: KernelMutant, _ options: [String] = []) async throws {
    let kernels = try KernelCopy()
    let path = "\(kernels.folder.path)/\(mutant.file)"
    try kernels.folder.write(mutant.file, mutant.apply(to: String(contentsOfFile: path, encoding: .utf8)))
    let outcome = try await Oclgrind.validate(
      op: mutant.op, shape: mutant.shape ?? "", options, environment: kernels.environment)
    let expected = mutant.kind == .barrier ? "data race" : "Invalid read"
    #expect(outcome.log.contains(expected), "\(outcome.log.prefix(400))")
  }

  private static func parts(_ key: String) -> (String, String) {
    let words = key.split(separator: "/", maxSplits: 1)
    return (String(words[0]), String(words[1]))
  }
}

/// The simulator, as Debian's package `oclgrind` installs it.
enum Oclgrind {
  static let path: String? = ["/usr/bin/oclgrind", "/usr/local/bin/oclgrind"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// Runs `strata validate` on it, with a check for races; gives what it has found.
  static func validate(
    op: String, shape: String, _ options: [String] = [], environment: [String: String]
  ) async throws -> (status: Int32, log: String) {
    let folder = try TemporaryFolder()
    let log = "\(folder.path)/oclgrind.log"
    let outcome = try await Strata.run(
      ["validate", "--device", "0", "--variant", "gpu", "--cases", "0", "--op", op, "--shape", shape] + options,
      environment: environment, shell: "exec \(path ?? "oclgrind") --data-races --log \(log) \"$0\" \"$@\"")
    return (outcome.status ?? -1, (try? String(contentsOfFile: log, encoding: .utf8)) ?? "")
  }
}
