import Backend
import Checkpoints
import Foundation
import Models
import Reference
import TestSupport
import Testing

/// Thousands of damaged models: each is refused with an error that names the file, or read within its bounds, and nothing
/// crashes. With `STRATA_FUZZ_ROUNDS`, the number of rounds in all, time and memory of each are checked, too: then run this
/// suite by itself.
@Suite(.serialized)
struct HostileFileTests {
  private static let asked = ProcessInfo.processInfo.environment["STRATA_FUZZ_ROUNDS"].flatMap { Int($0) }
  private static let rounds = asked ?? 5_000

  /// Longer than any file of these sizes may take.
  private static let slow = Duration.seconds(1)
  /// What the process may take besides four times the file, in KiB: blocks of the allocator, results of the tests.
  private static let spare = 32_768

  @Test func aDamagedGGUFFileIsRefusedOrReadInsideItsBounds() throws {
    let folder = try TemporaryFolder()
    let whole = Array(try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("formats/tiny.gguf"))))
    // What decides is in front; a third of the damage falls on the data.
    try fuzz(whole, name: "model.gguf", in: folder, share: 3) { path in try Checkpoint(path: path) }
  }

  @Test func aDamagedSafetensorsFileIsRefusedOrReadInsideItsBounds() throws {
    let folder = try small()
    let path = "\(folder.path)/model.safetensors"
    let whole = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    try fuzz(whole, name: "model.safetensors", in: folder, share: 3) { _ in try Checkpoint(path: folder.path) }
  }

  @Test func aDamagedConfigurationIsRefusedOrReadInsideItsBounds() throws {
    let folder = try small()
    let path = "\(folder.path)/config.json"
    let whole = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    try fuzz(whole, name: "config.json", in: folder, share: 3) { _ in try Checkpoint(path: folder.path) }
  }

  /// The random Qwen3-MoE checkpoint, without what the tests compare it with.
  private func small() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for name in ["config.json", "model.safetensors"] {
      try folder.write(name, try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("alternating/\(name)"))))
    }
    return folder
  }

  private func fuzz(
    _ whole: [UInt8], name: String, in folder: TemporaryFolder, share: Int, open: (String) throws -> Checkpoint
  ) throws {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    let header = min(whole.count, 4_096)
    var (accepted, refused) = (0, 0)
    for round in 0..<max(1, Self.rounds / share) {
      let limit = round % 3 == 0 ? whole.count : header
      let path = try folder.write(name, Mutation.apply(to: whole, below: limit, using: &random))
      let before = peakMemory()
      let start = ContinuousClock.now
      do {
        try use(open(path))
        accepted += 1
      } catch {
        refused += 1
        #expect("\(error)".contains(folder.path), "seed \(seed), round \(round): \(error)")
      }
      guard Self.asked != nil else { continue }
      let time = ContinuousClock.now - start
      #expect(time < Self.slow, "seed \(seed), round \(round): \(time)")
      let grown = peakMemory() - before
      #expect(grown <= 4 * whole.count / 1024 + Self.spare, "seed \(seed), round \(round): \(grown) KiB")
    }
    #expect(accepted > 0 && refused > 0, "seed \(seed): \(accepted) accepted, \(refused) refused")
  }

  /// Reads everything of a model, and describes it.
  private func use(_ checkpoint: Checkpoint) throws {
    var sum = 0
    for tensor in checkpoint.tensors { sum &+= tensor.bytes.reduce(0) { $0 &+ Int($1) } }
    #expect(sum >= 0)
    let model = try Families.describe(checkpoint)
    // Only models of about the right size are loaded: a longer context is no damage, but much memory.
    guard model.layerCount <= 8, model.maxPositions <= 4_096, model.rotaryColumns <= 1_024 else { return }
    _ = try Families.load(checkpoint, on: ReferenceBackend(), positions: 16)
  }

  /// The most memory that the process had so far, in KiB.
  private func peakMemory() -> Int {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return usage.ru_maxrss
  }
}
