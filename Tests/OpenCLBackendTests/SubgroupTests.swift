import Backend
import OpenCL
import OpenCLBackend
import Testing
import Validation

/// GPU kernels whose work-items read each other's registers compute the bits of those that share local memory.
@Suite(.enabled(if: !devices.isEmpty, "needs an OpenCL device"), .serialized)
struct SubgroupTests {
  private static let cache = ProgramCache(keepsBuilt: false)
  /// Devices whose subgroups the kernels use.
  private static let able = devices.filter { Subgroups.found(on: $0) != nil }

  @Test(arguments: Subgroups.sizes) func actedOutTheyComputeTheSame(size: Int) throws {
    let shapes: [(op: String, shape: String)] = [
      ("Norm", "rows=9 K=63"), ("Norm", "rows=3 K=2048"), ("Routing", "rows=7 experts=8 chosen=2"),
      ("Linear", "rows=3 K=33 N=45 bf16"), ("Linear", "rows=33 K=100 f32"), ("HeadProducts", "rows=7 heads=3×20 bf16"),
      ("Attention", "heads=4/2×32 positions=120..<137"), ("Attention", "heads=4/1×80 norm positions=5..<6"),
      ("Attention", "window=16 sinks positions=5..<6"), ("Attention", "latent=48 positions=5..<6"),
      ("Experts", "rows=7 K=33"),
    ]
    let chosen = try shapes.flatMap { try CaseSelection(op: $0.op, shape: $0.shape, randomCases: 0).cases() }
    #expect(Set(chosen.map(\.family)) == ["Norm", "Routing", "Linear", "HeadProducts", "Attention", "Experts"])
    try compare(chosen, .emulated(size: size), on: devices[0])
  }

  /// Of the formats of weights, those in blocks have tiles of their own.
  @Test func actedOutTheyComputeTheSameForBlocks() throws {
    let chosen = Validator.cases.filter { test in
      test.family == "Linear" && test.formats == [.q4K] || test.family == "Experts" && test.formats == [.q80]
    }
    #expect(chosen.count > 9)
    try compare(chosen, .emulated(size: Subgroups.sizes[0]), on: devices[0])
  }

  @Test(.enabled(if: !able.isEmpty, "needs a device with subgroups"), arguments: able.indices)
  func thoseOfADeviceComputeTheSame(index: Int) throws {
    try compare(Validator.cases, nil, on: Self.able[index])
  }

  /// Work-groups of 64, as a small device has them.
  @Test(arguments: [16, 64]) func inSmallGroupsTheyComputeTheSame(size: Int) throws {
    let chosen = try ["Norm", "Linear"].flatMap { try CaseSelection(op: $0, shape: "rows=3", randomCases: 0).cases() }
    try compare(chosen, .emulated(size: size), on: devices[0]) {
      ($0.threadsM, $0.rowGroup) = (4, 64)
    }
  }

  /// - Parameters:
  ///   - subgroups: other than those that the device has.
  ///   - change: what the plans have besides.
  private func compare(
    _ cases: [any OpCase], _ subgroups: Subgroups?, on device: Device, _ change: (inout DevicePlan) -> Void = { _ in }
  ) throws {
    var with = DevicePlan(device, style: .gpu)
    change(&with)
    if let subgroups { with.subgroups = subgroups }
    var without = with
    without.subgroups = nil
    #expect(with != without)
    let backends = try [with, without].map { try OpenCLBackend(device, plan: $0, cache: Self.cache) }
    for test in cases where !test.needsDenormals || device.keepsDenormals {
      let report = try Validator.check(test, on: backends[0], keepsDenormals: device.keepsDenormals)
      #expect(report.problem == nil, "\(report.family) \(report.name)")
      let found = try backends.map { try test.run($0, rows: 0..<test.rows) }
      #expect(bits(found[0]) == bits(found[1]), "\(report.family) \(report.name)")
      #expect(found[0].indices == found[1].indices, "\(report.family) \(report.name)")
    }
  }

  /// A NaN has no bits of its own: OpenCL C leaves open which one an operation gives.
  private func bits(_ result: OpResult) -> [UInt32] { result.values.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern } }
}
