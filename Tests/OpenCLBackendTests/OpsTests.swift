import Backend
import OpenCL
import OpenCLBackend
import Testing
import Validation

/// Every case of every op, by every kernel style on every device, against the reference; together they launch every kernel.
@Suite(.enabled(if: !devices.isEmpty, "needs an OpenCL device"), .serialized)
struct OpsTests {
  /// Of hundreds of programs, each for a few cases.
  private static let cache = ProgramCache(keepsBuilt: false)

  @Test(arguments: devices.indices, KernelStyle.allCases)
  func everyOpComputesWhatTheReferenceDoes(device: Int, style: KernelStyle) throws {
    let plan = DevicePlan(devices[device], style: style)
    let backend = try OpenCLBackend(devices[device], plan: plan, cache: Self.cache, profiling: true)
    var coverage = KernelCoverage()
    try check(on: backend) { coverage.add(try backend.recorder?.take() ?? []) }
    try coverage.expectAll(of: style, activations: backend.activations)
  }

  /// Buffers of at most 64 KiB: weights are cut into many, and what cannot be cut is refused by name.
  @Test(arguments: KernelStyle.allCases)
  func weightsLargerThanABufferAreCut(style: KernelStyle) throws {
    let plan = DevicePlan(devices[0], style: style, maxAllocation: 1 << 16)
    let backend = try OpenCLBackend(devices[0], plan: plan, cache: Self.cache)
    let cut = Validator.cases.filter {
      ["Linear", "Embedding", "Experts"].contains($0.family) && keepsWhatItNeeds($0, on: backend)
    }
    var refused = 0
    for test in cut {
      do {
        let report = try Validator.check(test, on: backend)
        #expect(report.problem == nil, "\(report.family) \(report.name)")
      } catch let error as BackendError {
        #expect(error.description.contains("65536"), "\(test.family) \(test.name): \(error)")
        // What is left is one of several experts, a single panel, or an activation.
        let isWhole = ["an expert of", "a panel of", "a strip of"].contains { error.description.contains($0) }
        #expect(isWhole || error.description.hasPrefix("case"), "\(test.family) \(test.name): \(error)")
        refused += 1
      }
    }
    #expect(refused < cut.count / 2, "nearly all cases fit once they are cut")
  }

  /// A device with so many units that each part of an attention's context gets a group of its own.
  @Test func partsOfAContextByThemselvesComputeTheSame() throws {
    var plan = DevicePlan(devices[0], style: .mma)
    plan.units = 1 << 16
    let backend = try OpenCLBackend(devices[0], plan: plan, cache: Self.cache)
    for test in Validator.cases where test.family == "Attention" {
      let report = try Validator.check(test, on: backend)
      #expect(report.problem == nil, "\(report.family) \(report.name)")
    }
  }

  /// Rounded activations by plain code and by the CPU's instructions give the same bits: sums of integers are exact, and that of
  /// bf16 numbers rounds as two `fma` do.
  @Test func instructionsComputeWhatPlainCodeDoes() throws {
    let usual = DevicePlan(devices[0], style: .cpu)
    var plain = usual
    plain.activations = [.int8, .bf16]
    (plain.hasByteDots, plain.hasBF16Dots) = (false, false)
    let backends = try [plain, usual].map { try OpenCLBackend(devices[0], plan: $0, cache: Self.cache) }
    for test in Validator.cases where rounds(test) {
      let report = try Validator.check(test, on: backends[0])
      #expect(report.problem == nil, "\(report.family) \(report.name)")
      guard usual.activations == plain.activations, keepsWhatItNeeds(test, on: backends[1]) else { continue }
      let found = try backends.map { try test.run($0, rows: 0..<test.rows).values.map(\.bitPattern) }
      #expect(found[0] == found[1], "\(report.family) \(report.name)")
    }
  }

  /// Matrix units take activations of eight bits where they are asked to.
  @Test func activationsOfEightBitsOnMatrixUnits() throws {
    var plan = DevicePlan(devices[0], style: .mma)
    plan.activations = .int8
    let backend = try OpenCLBackend(devices[0], plan: plan, cache: Self.cache, profiling: true)
    var coverage = KernelCoverage()
    for test in Validator.cases
    where ["Linear", "Experts"].contains(test.family) && test.formats.contains(where: { plan.form(for: $0) == .int8 }) {
      let report = try Validator.check(test, on: backend)
      #expect(report.problem == nil, "\(report.family) \(report.name)")
      coverage.add(try backend.recorder?.take() ?? [])
    }
    coverage.expectMatrixIntegers()
  }

  /// Where rounded activations would be chosen, f32 can be asked for.
  @Test func unroundedActivationsComputeTheSame() throws {
    var plan = DevicePlan(devices[0], style: .cpu)
    plan.activations = .float32
    let backend = try OpenCLBackend(devices[0], plan: plan, cache: Self.cache)
    for test in Validator.cases where rounds(test) {
      let report = try Validator.check(test, on: backend)
      #expect(report.problem == nil, "\(report.family) \(report.name)")
    }
  }

  /// The other vector widths, as devices without AVX-512 have them.
  @Test(arguments: [4, 8])
  func narrowVectorsComputeTheSame(lanes: Int) throws {
    var plan = DevicePlan(devices[0], style: .cpu)
    plan.lanes = lanes
    try check(on: OpenCLBackend(devices[0], plan: plan, cache: Self.cache))
  }

  /// A device that allows only small work-groups.
  @Test func smallWorkGroupsComputeTheSame() throws {
    var plan = DevicePlan(devices[0], style: .gpu)
    plan.threadsM = 4
    plan.rowGroup = 64
    try check(on: OpenCLBackend(devices[0], plan: plan, cache: Self.cache))
  }

  /// Weights through the staging buffer, as on a device with memory of its own.
  @Test(arguments: KernelStyle.allCases)
  func stagedWeightsAreTheSame(style: KernelStyle) throws {
    var plan = DevicePlan(devices[0], style: style)
    plan.mapsWeights = false
    let backend = try OpenCLBackend(devices[0], plan: plan, cache: Self.cache)
    for test in Validator.cases
    where ["Linear", "Experts"].contains(test.family) && keepsWhatItNeeds(test, on: backend) {
      let report = try Validator.check(test, on: backend)
      #expect(report.problem == nil, "\(report.family) \(report.name)")
    }
  }

  /// A product that may round its activations, or one behind another op.
  private func rounds(_ test: any OpCase) -> Bool {
    ["Linear", "Experts", "Norm", "Attention"].contains(test.family)
      && test.formats.contains { ActivationPrecision([.int8, .bf16]).form(for: $0) != .float32 }
  }

  private func keepsWhatItNeeds(_ test: any OpCase, on backend: OpenCLBackend) -> Bool {
    guard test.needsDenormals else { return true }
    return backend.device.keepsDenormals
      && OpFamily(rawValue: test.family).map { backend.plan.keepsDenormals($0, test.formats) } ?? true
  }

  private func check(on backend: OpenCLBackend, afterEach: () throws -> Void = {}) throws {
    for test in Validator.cases where keepsWhatItNeeds(test, on: backend) {
      let report = try Validator.check(test, on: backend, keepsDenormals: backend.device.keepsDenormals)
      #expect(report.problem == nil, "\(backend.name), \(report.family) \(report.name)")
      try afterEach()
    }
  }
}

let devices = ((try? Device.all()) ?? []).filter { $0.hasCompiler }
