#if FAULTS
  import Foundation
  import OpenCL
  import TestSupport
  import Testing

  /// Every call of OpenCL that a generation makes fails once: nothing crashes, hangs or leaks, the requests concerned say what
  /// happened, the others' tokens are unchanged, and the engine goes on.
  ///
  /// The first and the last use of each call site fail. With STRATA_FAULTS=all more uses, more statuses, and the loss of the
  /// device at each; `make faults` does that, and prints the table.
  @Suite(.needsOpenCL, .serialized, .timeLimit(.minutes(30)))
  struct FaultMatrixTests {
    private static let isComplete = ProcessInfo.processInfo.environment["STRATA_FAULTS"] == "all"

    /// Documented for most calls, and what a call that waits gets where a command has failed (OpenCL 3.0, appendix F).
    private static let statuses: [(code: Int32, symbol: String)] = [
      (-5, "CL_OUT_OF_RESOURCES"), (-4, "CL_MEM_OBJECT_ALLOCATION_FAILURE"),
      (-14, "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST"),
    ]

    @Test func resident() async throws { try await check(FaultScenario("resident", target: .any)) }

    @Test func streamed() async throws {
      try await check(FaultScenario("streamed, profiled", target: .any, share: 0.2, profiling: true))
    }

    @Test func cold() async throws { try await check(FaultScenario("programs built", target: .any, isCold: true)) }

    private func check(_ scenario: FaultScenario) async throws {
      let (healthy, uses) = try await scenario.run(.none)
      let expected = try healthy.requests.map { try $0.get() }
      #expect(expected.count == 4 && healthy.leakedHandles == 0)
      #expect(uses.count >= 15, "the scenario has to use the calls")
      var table = Table(scenario.name)
      for (site, count) in uses.sorted(by: { $0.key < $1.key }) {
        for number in Self.isComplete ? Set([0, 1, count / 2, count - 1]) : [0, count - 1] where number < count {
          for status in Self.isComplete ? Self.statuses : [Self.statuses[0]] {
            let kind = Faults.Kind.once(site, number: number, status: status.code)
            let (outcome, _) = try await scenario.run(kind)
            let verdict = verdict(on: outcome, expected, symbol: status.symbol, isLost: false)
            table.add(site, number, status.symbol, outcome, verdict)
            #expect(verdict == nil, "\(scenario.name): \(site), use \(number), \(status.symbol)")
          }
          guard Self.isComplete || number == count - 1 else { continue }
          let (outcome, _) = try await scenario.run(.lost(site, number: number))
          let verdict = verdict(on: outcome, expected, symbol: "CL_DEVICE_NOT_AVAILABLE", isLost: true)
          table.add(site, number, "device lost", outcome, verdict)
          #expect(verdict == nil, "\(scenario.name): \(site), device lost from use \(number) on")
        }
      }
      let (after, _) = try await scenario.run(.none)
      #expect(try after.requests.map { try $0.get() } == expected, "a new engine has to work")
      table.print()
    }

    /// What is wrong with an outcome; nil if it is as it should be.
    private func verdict(
      on outcome: FaultScenario.Outcome, _ expected: [[Int32]], symbol: String, isLost: Bool
    ) -> String? {
      if outcome.leakedHandles != 0 { return "\(outcome.leakedHandles) handles leaked" }
      // How often a call is made may vary with time: the last use may not come.
      guard outcome.hasStruck else { return nil }
      if let refusal = outcome.refusal { return refusal.contains(symbol) ? nil : "no engine: \(refusal)" }
      var failed = 0
      for (index, result) in (outcome.requests + outcome.again).enumerated() {
        switch result {
        case .success(let tokens):
          if tokens != expected[index < expected.count ? index : 0] { return "request \(index + 1) has other tokens" }
        case .failure(let failure):
          failed += 1
          if !failure.text.contains(symbol) { return "request \(index + 1) ends with: \(failure.text)" }
        }
      }
      guard !isLost else { return nil }
      // Two run at a time, and the fault comes once.
      if failed > 2 { return "\(failed) requests failed" }
      if case .failure(let failure) = outcome.again.last { return "asked again, it ends with: \(failure.text)" }
      return nil
    }

    /// What happened, for a person.
    private struct Table {
      private var lines: [String]

      init(_ name: String) { lines = ["fault matrix, \(name)"] }

      mutating func add(
        _ site: Faults.Site, _ number: Int, _ fault: String, _ outcome: FaultScenario.Outcome, _ verdict: String?
      ) {
        let failed = (outcome.requests + outcome.again).count { if case .failure = $0 { true } else { false } }
        let effect =
          !outcome.hasStruck
          ? "not reached"
          : outcome.refusal != nil
            ? "no engine" : "\(failed) of \(outcome.requests.count + outcome.again.count) requests failed"
        lines.append("  \(site), use \(number), \(fault): \(effect): \(verdict ?? "as stated")")
      }

      func print() { if isComplete { Swift.print(lines.joined(separator: "\n")) } }
    }
  }
#endif
