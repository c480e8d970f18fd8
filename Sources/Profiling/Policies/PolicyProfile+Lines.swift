import Engine

extension PolicyProfile {
  /// A table for a person, one line a policy.
  package var lines: [String] {
    let head = [
      "policy", "iterations", "ms", "ms in kernels", "of experts", "expert GB read", "GB moved", "KB read a token",
      "µs a token",
    ]
    let rows = runs.map { run in
      [
        run.policy, "\(run.iterations)", fixed(run.seconds * 1e3, 1), fixed(run.kernelSeconds * 1e3, 1),
        fixed(run.expertSeconds * 1e3, 1), fixed(run.expertBytes / 1e9, 3), fixed(run.transferredBytes / 1e9, 3),
        fixed(run.expertBytesPerToken / 1e3, 1), fixed(run.secondsPerToken * 1e6, 1),
      ]
    }
    let tokens = runs.first?.promptTokens ?? 0
    return ["one prompt of \(tokens) tokens alone, to its first token; medians of \(Self.rounds) rounds"]
      + Table(rows: [head] + rows, right: Set(1...8)).lines
  }
}
