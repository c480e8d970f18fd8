import ArgumentParser
import Engine
import Profiling

struct BenchAttention: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attention",
    abstract: "Measures attention alone, of a prompt and of a decoded token, against the device's ceilings.")

  @Option(
    parsing: .unconditional,
    help: "An index of `strata devices`, or part of a name. Default: STRATA_DEVICE, else the first GPU.")
  var device: String?

  @Option(parsing: .unconditional, help: "Query heads.")
  var heads = 32

  @Option(parsing: .unconditional, help: "Key-value heads.")
  var keyValueHeads = 4

  @Option(parsing: .unconditional, help: "Elements of a head.")
  var headSize = 128

  @Option(parsing: .unconditional, help: "Positions of the prompt.")
  var positions = 4096

  @Option(parsing: .unconditional, help: "Measurements, in turn with the ceilings.")
  var rounds = 5

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    var bench = AttentionBench()
    (bench.queryHeads, bench.keyValueHeads, bench.headSize) = (heads, keyValueHeads, headSize)
    (bench.positions, bench.rounds) = (positions, rounds)
    let progress = ProgressLine("measuring")
    let report = try bench.run(on: openCLDevice(device)) { progress.step($0) }
    progress.finish()
    if json { return try printJSON(report) }
    try Terminal.output(report.lines.joined(separator: "\n") + "\n")
  }
}
