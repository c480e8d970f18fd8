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

  @Test(arguments: mutants) func aPlantedFaultIsFound(_ mutant: KernelMutant) throws {
    let style = try #require(KernelStyle(rawValue: mutant.style))
    let changed = try mutant.apply(to: KernelLibrary.file(mutant.file))
    let backend = try OpenCLBackend(
      devices[0], plan: DevicePlan(devices[0], style: style), cache: ProgramCache(folder: nil),
      kernels: [mutant.file: changed])
    let cases = try CaseSelection(op: mutant.op, shape: mutant.shape, randomCases: 0).cases()
    let found = try cases.contains { try Validator.check($0, on: backend).problem != nil }
    #expect(found, "none of \(cases.count) cases finds it: \(mutant.replacement)")
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
