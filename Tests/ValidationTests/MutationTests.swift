import Backend
import Kernels
import OpenCL
import OpenCLBackend
import TestSupport
import Testing
import Validation

let devices = ((try? Device.all()) ?? []).filter { $0.hasCompiler }

/// Faults planted into kernels are found by the cases of `strata validate`.
@Suite(.enabled(if: !devices.isEmpty, "needs an OpenCL device"), .serialized)
struct MutationTests {
  static let mutants =
    formatMutants + productMutants + rowMutants + routingMutants + attentionMutants + matrixUnitMutants
    + matrixBlockMutants

  @Test(arguments: mutants) func aPlantedFaultIsFound(_ mutant: KernelMutant) throws {
    let style = try #require(KernelStyle(rawValue: mutant.style))
    let usual = DevicePlan(devices[0], style: style)
    var unrounded = usual
    unrounded.activations = .float32
    try expectFound(mutant, by: usual == unrounded ? [usual] : [unrounded, usual])
  }

  @Test(arguments: subgroupMutants) func aPlantedFaultInKernelsWithSubgroupsIsFound(_ mutant: KernelMutant) throws {
    var plan = DevicePlan(devices[0], style: .gpu)
    plan.subgroups = .emulated(size: Subgroups.sizes[0])
    try expectFound(mutant, by: [plan])
  }

  @Test(arguments: integerMutants) func aPlantedFaultInIntegerProductsIsFound(_ mutant: KernelMutant) throws {
    var plan = DevicePlan(devices[0], style: .cpu)
    (plan.activations, plan.hasByteDots) = (.int8, false)
    try expectFound(mutant, by: [plan])
  }

  @Test(arguments: matrixIntegerMutants) func aPlantedFaultInIntegerProductsOnMatrixUnitsIsFound(
    _ mutant: KernelMutant
  ) throws {
    var plan = DevicePlan(devices[0], style: .mma)
    plan.activations = .int8
    try expectFound(mutant, by: [plan])
  }

  @Test(arguments: bf16Mutants) func aPlantedFaultInProductsOfBF16IsFound(_ mutant: KernelMutant) throws {
    var plan = DevicePlan(devices[0], style: .cpu)
    (plan.activations, plan.hasBF16Dots) = (.bf16, false)
    try expectFound(mutant, by: [plan])
  }

  @Test(.enabled(if: usesBF16Dots, "needs the CPU's instruction for products of bf16"), arguments: bf16DotMutants)
  func aPlantedFaultInDotsOfBF16IsFound(_ mutant: KernelMutant) throws {
    try expectFound(mutant, by: [DevicePlan(devices[0], style: .cpu)])
  }

  @Test(.enabled(if: hasByteDots, "needs the CPU's instruction for products of bytes"), arguments: byteMutants)
  func aPlantedFaultInProductsOfBytesIsFound(_ mutant: KernelMutant) throws {
    try expectFound(mutant, by: [DevicePlan(devices[0], style: .cpu)])
  }

  @Test(.enabled(if: joinsLaunches, "needs a device that joins launches"), arguments: stageMutants)
  func aPlantedFaultInJoinedLaunchesIsFound(_ mutant: KernelMutant) throws {
    try expectFound(mutant, by: [DevicePlan(devices[0], style: .cpu)])
  }

  /// Such faults show where two work-groups meet at the wrong time, which they do sooner or later.
  @Test(.enabled(if: joinsLaunches, "needs a device that joins launches"), arguments: stageRaces)
  func aRaceBetweenStagesIsFound(_ mutant: KernelMutant) throws {
    try expectFound(mutant, by: [DevicePlan(devices[0], style: .cpu)], rounds: 500)
  }

  /// Expects that with one of the plans at least a case of the fault's op fails.
  ///
  /// - Parameter rounds: how often the cases are tried.
  private func expectFound(_ mutant: KernelMutant, by plans: [DevicePlan], rounds: Int = 1) throws {
    let changed = try mutant.apply(to: KernelLibrary.file(mutant.file))
    let cases = try CaseSelection(op: mutant.op, shape: mutant.shape, randomCases: 0).cases()
    let found = try plans.contains { plan in
      let backend = try OpenCLBackend(
        devices[0], plan: plan, cache: ProgramCache(folder: nil), kernels: [mutant.file: changed])
      return try (0..<rounds).contains { _ in
        try cases.contains { try Validator.check($0, on: backend).problem != nil }
      }
    }
    #expect(found, "none of \(cases.count) cases finds it: \(mutant.replacement)")
  }

  private static var joinsLaunches: Bool { devices.first.map { DevicePlan($0, style: .cpu).joinsLaunches } ?? false }

  private static var hasByteDots: Bool {
    devices.first.map { DevicePlan($0, style: .cpu) }.map { $0.hasByteDots && $0.lanes == 16 } ?? false
  }

  private static var usesBF16Dots: Bool {
    devices.first.map { DevicePlan($0, style: .cpu).usesBF16Dots } ?? false
  }

  /// Each is still in its kernel, so that what is said of it is still about something.
  @Test func faultsThatCannotBeSeenAreKnown() throws {
    for (mutant, why) in unseenMutants {
      _ = try mutant.apply(to: KernelLibrary.file(mutant.file))
      #expect(!why.isEmpty)
    }
  }

  /// Of every kind of fault there are some, and of every style.
  @Test func allKindsArePlanted() {
    let kinds = Set(Self.mutants.map(\.kind)), styles = Set(Self.mutants.map(\.style))
    #expect(kinds.isSuperset(of: KernelMutant.Kind.allCases.filter { $0 != .read }))
    #expect(styles == Set(KernelStyle.allCases.map(\.rawValue)))
    #expect(Self.mutants.count >= 25)
  }
}
