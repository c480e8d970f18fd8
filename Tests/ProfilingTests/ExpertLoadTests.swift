import Foundation
import OpenCL
import OpenCLBackend
import Profiling
import Simulation
import TestSupport
import Testing

struct ExpertLoadTests {
  /// 8 rows that meet 4 experts of 1000 bytes in 2 µs, on a device with 10 GB/s and 1 TFLOP/s.
  private func load(operations: Double = 64_000, events: Double = 2e-6) -> ExpertLoad {
    ExpertLoad(
      batch: 8, expertsTouched: 4, expertBytes: 1000, operations: operations, eventSeconds: events, wallSeconds: 2.5e-6,
      bandwidth: 10e9, rate: 1e12)
  }

  @Test func ratesFollowFromBytesOperationsAndTime() {
    let load = load()
    #expect(load.bytes == 4000)
    #expect(abs(load.bytesPerSecond - 2e9) < 1)
    #expect(abs(load.shareOfBandwidth - 0.2) < 1e-12)
    #expect(abs(load.operationsPerSecond - 32e9) < 1)
    #expect(abs(load.shareOfRate - 0.032) < 1e-12)
    #expect(load.intensity == 16)
  }

  /// The two ceilings meet at 1e12 / 10e9 = 100 operations a byte.
  @Test func theRidgeDividesMemoryFromCompute() {
    #expect(load().bound == .memory)
    #expect(load(operations: 4000 * 99.9).bound == .memory)
    #expect(load(operations: 4000 * 100).bound == .compute)
  }

  private let devices = ((try? Device.all()) ?? []).filter { DeviceReport($0).isUsable }

  private func ceilings(_ device: Device) -> DeviceCeilings {
    DeviceCeilings(
      device: device.name, driver: device.driverVersion, bufferBytes: 1,
      ceilings: [
        Ceiling(.memoryRead, median: 10e9, best: 20e9, method: ""),
        Ceiling(.multiplyBF16, median: 1e11, best: 1e11, method: "one"),
        Ceiling(.multiplyBF16, median: 2e11, best: 2e11, method: "another"),
      ])
  }

  private func model() throws -> ModelShape {
    let folder = try TemporaryFolder()
    try folder.write(
      "config.json",
      #"{"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4, "num_experts": 8, "#
        + #""num_experts_per_tok": 2, "moe_intermediate_size": 32, "vocab_size": 100, "max_position_embeddings": 512}"#)
    return try ModelShape(at: folder.path)
  }

  /// Every row chooses experts 6 and 1, so that any batch meets two of eight. The first layer is dense.
  @Test func expertsTouchedAreThoseChosen() throws {
    guard let device = devices.first else { return }
    let choices = ExpertChoices(
      source: "a text", experts: 8, chosen: 2, layers: [[], (0..<32).flatMap { _ in [6, 1] }])
    let found = try ExpertLoadProfile(
      of: device, model: model(), batchSizes: [1, 32], choices: choices, ceilings: ceilings(device))
    #expect(found.loads.map(\.batch) == [1, 32])
    for load in found.loads {
      #expect(load.expertsTouched == 2)
      #expect(load.bytes == 2 * 3 * 64 * 32 * 2)
      #expect(load.operations == Double(2 * load.batch * 2 * 3 * 64 * 32))
      #expect(load.eventSeconds > 0 && load.wallSeconds > 0)
      #expect(load.bandwidth == 20e9 && load.rate == 2e11, "the best of what was measured")
    }
    #expect(found.choices == "a text")
  }

  /// In a batch of one a row meets as many as it chooses; in a large one popularity leaves few out.
  @Test func withoutATextPopularityChooses() throws {
    guard let device = devices.first else { return }
    let found = try ExpertLoadProfile(
      of: device, model: model(), batchSizes: [1, 256], ceilings: ceilings(device))
    #expect(found.loads[0].expertsTouched == 2)
    #expect((4...8).contains(found.loads[1].expertsTouched))
    let sum = found.loads.reduce((0, 0)) { ($0.0 + $1.eventSeconds, $0.1 + $1.wallSeconds) }
    #expect(found.eventsOverWall == sum.0 / sum.1)
  }

  @Test func aBatchThatCannotBeIsNamed() throws {
    guard let device = devices.first else { return }
    let error = #expect(throws: ProfilingError.self) {
      try ExpertLoadProfile(of: device, model: model(), batchSizes: [4, 0], ceilings: ceilings(device))
    }
    #expect(error?.description == "batch-sizes has 0, expected numbers of 1 or more")
    let choices = ExpertChoices(source: "", experts: 8, chosen: 2, layers: [[0, 1], [2, 3]])
    let long = #expect(throws: ProfilingError.self) {
      try ExpertLoadProfile(
        of: device, model: model(), batchSizes: [2], choices: choices, ceilings: ceilings(device))
    }
    #expect(long?.description == "batch-sizes has 2, but the text has 1 tokens, expected at most as many")
  }
}
