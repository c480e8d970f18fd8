import Backend
import OpenCL
import OpenCLBackend
import Testing
import Validation

/// A case that throws is a failed one, and what a device refuses ends no more than that device.
@Suite(.enabled(if: !devices.isEmpty, "needs an OpenCL device"))
struct CaseRunnerTests {
  private func cases(_ count: Int) throws -> [any OpCase] {
    Array(try CaseSelection(op: "Norm", randomCases: 0).cases().prefix(count))
  }

  private func reports(_ runner: inout CaseRunner<OpenCLBackend>, _ cases: [any OpCase]) -> [Validator.Report] {
    cases.map { test in
      runner.report(test, expected: Result { try Validator.expected(test, runner.activations ?? .float32) })
    }
  }

  @Test func whatTheReferenceCannotComputeIsOneFailedCase() throws {
    var runner = CaseRunner { try OpenCLBackend(devices[0]) }
    let cases = try cases(2)
    let failed = runner.report(cases[0], expected: .failure(BackendError("a reason")))
    #expect(failed.problem == "a reason" && !failed.isNotRun && !failed.isCompared && failed.name == cases[0].name)
    #expect(reports(&runner, [cases[1]])[0].problem == nil && runner.loss == nil)
  }

  /// Its buffers are too small for anything.
  @Test func withoutADeviceNothingRuns() throws {
    var runner = CaseRunner { try OpenCLBackend(devices[0], plan: DevicePlan(devices[0], maxAllocation: 4)) }
    #expect(runner.loss?.contains("12 bytes are more than the 4") == true)
    #expect(runner.activations == nil)
    let found = reports(&runner, try cases(3))
    #expect(found.allSatisfy { $0.isNotRun && $0.problem?.contains(runner.loss ?? "?") == true })
  }

  #if FAULTS
    /// Where a launch fails once, its case fails; where from then on every call does, the others are not run.
    @Test(arguments: [false, true]) func aFailedLaunch(isLost: Bool) throws {
      let cases = try cases(4)
      func run(_ kind: Faults.Kind) -> (found: [Validator.Report], loss: String?, uses: [Faults.Site: Int]) {
        let faults = Faults(kind)
        return Faults.$current.withValue(faults) {
          var runner = CaseRunner { try OpenCLBackend(devices[0]) }
          return (reports(&runner, cases), runner.loss, faults.uses)
        }
      }
      let healthy = run(.none)
      #expect(healthy.found.allSatisfy { $0.problem == nil } && healthy.loss == nil)
      let site = try #require(healthy.uses.keys.first { $0.call == "clEnqueueNDRangeKernel" })
      let faulty = run(isLost ? .lost(site, number: 0) : .once(site, number: 0, status: -5))
      let first = try #require(faulty.found.firstIndex { $0.problem != nil })
      let symbol = isLost ? "CL_DEVICE_NOT_AVAILABLE" : "CL_OUT_OF_RESOURCES"
      #expect(faulty.found[first].problem?.contains("clEnqueueNDRangeKernel: \(symbol)") == true)
      #expect(!faulty.found[first].isNotRun)
      #expect(faulty.found[(first + 1)...].allSatisfy { isLost ? $0.isNotRun : $0.problem == nil })
      #expect((faulty.loss != nil) == isLost && first + 1 < cases.count)
    }
  #endif
}
