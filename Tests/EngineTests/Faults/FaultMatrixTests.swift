#if FAULTS
  import Foundation
  import OpenCL
  import TestSupport
  import Testing

  /// Every call of OpenCL that a generation makes fails once: nothing crashes, hangs or leaks, the requests concerned say what
  /// happened, the others' tokens are unchanged, and the engine goes on.
  ///
  /// The first and the last use of each call site fail, and each event that one gives. With STRATA_FAULTS=all more uses, every
  /// status, and the loss of the device at each; `make faults` does that, and prints the table.
  @Suite(.needsOpenCL, .serialized, .timeLimit(.minutes(30)))
  struct FaultMatrixTests {
    private static let isComplete = ProcessInfo.processInfo.environment["STRATA_FAULTS"] == "all"

    @Test func resident() async throws { try await check(FaultScenario("resident", target: .any)) }

    @Test func streamed() async throws {
      try await check(FaultScenario("streamed, profiled", target: .any, share: 0.2, profiling: true))
    }

    @Test func copied() async throws {
      try await check(FaultScenario("copied", target: .any, share: 0.2, copies: true))
    }

    @Test func cold() async throws { try await check(FaultScenario("programs built", target: .any, isCold: true)) }

    private func check(_ scenario: FaultScenario) async throws {
      // A first run may build programs that later ones find in the cache.
      if !scenario.isCold { _ = try await scenario.run(.none) }
      let (healthy, uses) = try await scenario.run(.none)
      let expected = try healthy.requests.map { try $0.get() }
      #expect(expected.count == 4 && healthy.leakedHandles == 0)
      #expect(uses.count >= 15, "the scenario has to use the calls")
      var table = FaultTable(scenario.name)
      func inject(_ injection: Injection, _ site: Faults.Site, _ number: Int) async throws {
        var (injection, number) = (injection, number)
        var (outcome, uses) = try await scenario.run(injection.kind)
        // How often a call is made varies with time: once more at the last use that there was.
        if !outcome.hasStruck, let count = uses[site] {
          #expect(isHealthy(outcome, expected), "\(scenario.name): \(site), use \(number), not reached")
          number = count - 1
          injection = injection.at(number)
          (outcome, uses) = try await scenario.run(injection.kind)
        }
        let verdict = verdict(on: outcome, expected, injection)
        table.add("\(site), use \(number)", injection.name, outcome, verdict)
        #expect(verdict == nil, "\(scenario.name): \(site), use \(number), \(injection.name)")
      }
      for (site, count) in uses.sorted(by: { $0.key < $1.key }) {
        for number in Self.isComplete ? Set([0, 1, count / 2, count - 1]) : [0, count - 1] where number < count {
          var injections = Injection.all(site, number, all: Self.isComplete)
          if !site.isEvent, Self.isComplete || number == count - 1 { injections.append(.loss(site, number)) }
          for injection in injections { try await inject(injection, site, number) }
        }
      }
      let (warned, _) = try await scenario.run(.warned(log: Injection.compilerText))
      #expect(warned.hasStruck && isHealthy(warned, expected), "\(scenario.name): programs are built with warnings")
      let (after, _) = try await scenario.run(.none)
      #expect(isHealthy(after, expected), "a new engine has to work")
      table.print(isComplete: Self.isComplete)
      #expect(table.unreached * 10 <= table.injected, "\(table.totals): \(table.unreachedLines)")
    }

    /// Whether nothing came of a fault.
    private func isHealthy(_ outcome: FaultScenario.Outcome, _ expected: [[Int32]]) -> Bool {
      outcome.refusal == nil && outcome.leakedHandles == 0
        && (try? outcome.requests.map { try $0.get() }) == expected
        && (try? outcome.again.map { try $0.get() }) == [expected[0]]
    }

    /// What is wrong with an outcome; nil if it is as it should be.
    private func verdict(
      on outcome: FaultScenario.Outcome, _ expected: [[Int32]], _ injection: Injection
    ) -> String? {
      if outcome.leakedHandles != 0 { return "\(outcome.leakedHandles) handles leaked" }
      guard outcome.hasStruck else {
        return isHealthy(outcome, expected) ? nil : "other tokens or errors without a fault"
      }
      func tells(_ text: String) -> Bool {
        injection.symbols.contains { text.contains($0) } && (injection.log.map { text.contains($0) } ?? true)
      }
      if let refusal = outcome.refusal { return tells(refusal) ? nil : "no engine: \(refusal)" }
      var failed = 0
      for (index, result) in (outcome.requests + outcome.again).enumerated() {
        switch result {
        case .success(let tokens):
          if tokens != expected[index < expected.count ? index : 0] { return "request \(index + 1) has other tokens" }
        case .failure(let failure):
          failed += 1
          if !tells(failure.text) { return "request \(index + 1) ends with: \(failure.text)" }
        }
      }
      guard !injection.isLost else { return nil }
      // Two run at a time, and the fault comes once.
      if failed > 2 { return "\(failed) requests failed" }
      if case .failure(let failure) = outcome.again.last { return "asked again, it ends with: \(failure.text)" }
      return nil
    }
  }
#endif
