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

  private static func cases(_ shapes: [(op: String, shape: String)]) throws -> [any OpCase] {
    try shapes.flatMap { try CaseSelection(op: $0.op, shape: $0.shape, randomCases: 0).cases() }
  }

  /// A few cases of each op.
  private static func someOfAll() throws -> [any OpCase] {
    let chosen = try cases([
      ("Norm", "rows=9 K=63"), ("Norm", "rows=3 K=2048"), ("Routing", "rows=7 experts=8 chosen=2"),
      ("Linear", "rows=3 K=33 N=45 bf16"), ("Linear", "rows=7 K=512 N=45 Q4_K"),
      ("HeadProducts", "rows=7 heads=3×20 bf16"), ("Attention", "heads=4/1×80 norm positions=5..<6"),
      ("Attention", "window=16 sinks positions=5..<6"), ("Attention", "latent=48 positions=5..<6"),
      ("Experts", "rows=21 experts=5 chosen=3 K=32 I=32 Q8_0"),
    ])
    #expect(Set(chosen.map(\.family)) == ["Norm", "Routing", "Linear", "HeadProducts", "Attention", "Experts"])
    return chosen
  }

  @Test func actedOutTheyComputeTheSame() throws {
    try compare(Self.someOfAll(), .emulated(size: Subgroups.sizes[0]), on: devices[0])
  }

  @Test(arguments: Subgroups.sizes.dropFirst()) func otherSizesComputeTheSame(size: Int) throws {
    let chosen = try Self.cases([
      ("Norm", "rows=3 K=2048"), ("Linear", "rows=33 K=100 N=65 f32"),
      ("Attention", "heads=4/2×32 positions=120..<137"),
    ])
    try compare(chosen, .emulated(size: size), on: devices[0])
  }

  /// Work-groups of 64, as a small device has them.
  @Test(arguments: [16, 64]) func inSmallGroupsTheyComputeTheSame(size: Int) throws {
    let chosen = try Self.cases([("Norm", "rows=3 K=2048"), ("Linear", "rows=33 K=100 N=65 f32")])
    try compare(chosen, .emulated(size: size), on: devices[0]) { ($0.threadsM, $0.rowGroup) = (4, 64) }
  }

  /// Also where a group has fewer features than a subgroup has lanes.
  @Test func cutInAnotherWayTheyComputeTheSame() throws {
    var plan = DevicePlan(devices[0], style: .gpu)
    plan.subgroups = .emulated(size: 64)
    let backend = try OpenCLBackend(devices[0], plan: plan, cache: Self.cache)
    for test in try Self.cases([("Linear", "rows=3 K=33 N=45 bf16")]) {
      #expect(try Validator.check(test, on: backend).problem == nil, "\(test.name)")
    }
  }

  @Test(.enabled(if: !able.isEmpty, "needs a device with subgroups"), arguments: able.indices)
  func thoseOfADeviceComputeTheSame(index: Int) throws {
    try compare(Validator.cases, nil, on: Self.able[index])
  }

  /// Every size that the device has, and every way to read from another lane.
  @Test(.enabled(if: !able.isEmpty, "needs a device with subgroups"), arguments: able.indices)
  func otherSizesOfADeviceComputeTheSame(index: Int) throws {
    let device = Self.able[index], all = Subgroups.all(on: device)
    #expect(all.first == Subgroups.found(on: device))
    for subgroups in all { try compare(Self.someOfAll(), subgroups, on: device) }
  }

  /// The bits of whole batches, and of their parts.
  ///
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
      for rows in [0..<test.rows] + test.parts {
        let found = try backends.map { try test.run($0, rows: rows) }
        #expect(bits(found[0]) == bits(found[1]), "\(test.family) \(test.name), rows \(rows), \(with)")
        #expect(found[0].indices == found[1].indices, "\(test.family) \(test.name), rows \(rows), \(with)")
      }
    }
  }

  /// A NaN has no bits of its own: OpenCL C leaves open which one an operation gives.
  private func bits(_ result: OpResult) -> [UInt32] { result.values.map { $0.isNaN ? 0x7FC0_0000 : $0.bitPattern } }
}
