import Engine
package import Foundation

extension TokenResult {
  /// A row of a Markdown table, with the widths of llama-bench.
  package static let markdownHeading: String = {
    let titles = columns.map { column in pad(column.title, column.width) }
    let rules = columns.map { column in
      String(repeating: "-", count: abs(column.width) - 1) + (column.width > 0 ? ":" : "-")
    }
    return "| " + titles.joined(separator: " | ") + " |\n| " + rules.joined(separator: " | ") + " |"
  }()

  package var markdown: String {
    func percent(_ share: Double?) -> String { share.map { fixed($0 * 100, 1) } ?? "" }
    let size = Double(modelSize)
    let fields = [
      modelType, size < 0x1p30 ? "\(fixed(size / 0x1p20, 2)) MiB" : "\(fixed(size / 0x1p30, 2)) GiB",
      modelNParams < 1_000_000_000
        ? "\(fixed(Double(modelNParams) / 1e6, 2)) M" : "\(fixed(Double(modelNParams) / 1e9, 2)) B",
      backends, test.name, "\(fixed(avgTs, 2)) ± \(fixed(stddevTs, 2))", fixed(weightBytesPerSecond / 1e9, 2),
      percent(bandwidthShare), percent(computeShare), fixed(expertBytesPerToken / 1e6, 3),
      joulesPerToken.map { fixed($0, 3) } ?? "",
    ]
    return "| " + zip(fields, Self.columns).map { Self.pad($0, $1.width) }.joined(separator: " | ") + " |"
  }

  /// Widths below 0 stand to the left.
  private static let columns: [(title: String, width: Int)] = [
    ("model", -30), ("size", 10), ("params", 10), ("backend", -10), ("test", 15), ("t/s", 20), ("GB/s", 8),
    ("% memory", 8), ("% f32", 8), ("expert MB/t", 11), ("J/t", 7),
  ]

  private static func pad(_ text: String, _ width: Int) -> String {
    let fill = String(repeating: " ", count: max(0, abs(width) - text.count))
    return width > 0 ? fill + text : text + fill
  }

  /// The names of the fields in CSV.
  package static let csvHeading = [
    "model_filename", "model_type", "model_size", "model_n_params", "backends", "devices", "n_prompt", "n_gen",
    "n_depth",
    "test_time", "avg_ns", "stddev_ns", "avg_ts", "stddev_ts", "n_parallel", "policy", "weight_bytes_per_second",
    "bandwidth_share", "compute_share", "expert_bytes_per_token", "joules_per_token",
  ].joined(separator: ",")

  package var csv: String {
    func quoted(_ text: String) -> String { "\"\(text.replacing("\"", with: "\"\""))\"" }
    func number(_ value: Double?, _ decimals: Int) -> String { value.map { fixed($0, decimals) } ?? "" }
    return [
      quoted(modelFilename), quoted(modelType), "\(modelSize)", "\(modelNParams)", quoted(backends), quoted(devices),
      "\(nPrompt)", "\(nGen)", "\(nDepth)", quoted(testTime), fixed(avgNs, 0), fixed(stddevNs, 0), fixed(avgTs, 6),
      fixed(stddevTs, 6), "\(nParallel)", quoted(policy), fixed(weightBytesPerSecond, 0), number(bandwidthShare, 4),
      number(computeShare, 4), fixed(expertBytesPerToken, 1), number(joulesPerToken, 6),
    ].joined(separator: ",")
  }

  /// A list of objects, with names in snake case.
  package static func json(_ results: [TokenResult]) throws -> Data {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(results)
  }
}

extension OpTimes {
  /// A table, one line a kernel, and what lies between the kernels.
  package var lines: [String] {
    func rate(_ value: Double?) -> String { value.map { fixed($0 * 1e-9, 2) } ?? "" }
    let head = ["kernel", "ms", "% of kernels", "launches a token", "µs a launch", "GB/s", "GFLOP/s"]
    let rows = ops.map { op in
      [
        op.name, fixed(op.seconds * 1e3, 2), fixed(op.share * 100, 1), fixed(op.launchesPerToken, 2),
        fixed(op.secondsPerLaunch * 1e6, 2), rate(op.bytesPerSecond), rate(op.operationsPerSecond),
      ]
    }
    let between = max(0, seconds - kernelSeconds)
    let ends = [
      ["all kernels", fixed(kernelSeconds * 1e3, 2), "", fixed(launchesPerToken, 2)],
      ["between them", fixed(between * 1e3, 2)],
    ]
    return Table(rows: [head] + rows + ends, right: Set(1...6)).lines
      + ["\(fixed(launchesPerLayer, 2)) launches a layer"]
  }
}
