#if FAULTS
  import OpenCL

  /// What came of the faults of a scenario, for a person.
  struct FaultTable {
    private let name: String
    private var lines: [String] = []
    private(set) var injected = 0
    private(set) var asStated = 0
    /// Faults at a use that did not come: how often a call is made may vary with time.
    var unreached: Int { unreachedLines.count }
    private(set) var unreachedLines: [String] = []

    init(_ name: String) { self.name = name }

    mutating func add(_ use: String, _ fault: String, _ outcome: FaultScenario.Outcome, _ verdict: String?) {
      injected += 1
      if outcome.hasStruck, verdict == nil { asStated += 1 }
      let results = outcome.requests + outcome.again
      let failed = results.count { if case .failure = $0 { true } else { false } }
      let effect =
        !outcome.hasStruck
        ? "not reached" : outcome.refusal != nil ? "no engine" : "\(failed) of \(results.count) requests failed"
      let text = verdict ?? (outcome.hasStruck ? "as stated" : "as without it")
      let line = "  \(use), \(fault): \(effect): \(text)"
      lines.append(line)
      if !outcome.hasStruck { unreachedLines.append(line) }
    }

    var totals: String {
      "fault matrix, \(name): \(injected) injected, \(asStated) as stated, \(unreached) not reached"
    }

    func print(isComplete: Bool) { Swift.print(((isComplete ? lines : []) + [totals]).joined(separator: "\n")) }
  }
#endif
