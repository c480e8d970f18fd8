import ArgumentParser
import Backend
import Engine
import Profiling

struct BenchProducts: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "products",
    abstract: "Measures the products of a layer's experts alone, against the device's ceilings in the same process.",
    discussion: """
      Random weights, more than a cache holds; each row goes to all experts. At 1 row this is what a decoded token does. \
      Sorting, packing and rounding of rows count with the products.
      """)

  @Option(
    parsing: .unconditional,
    help: "An index of `strata devices`, or part of a name. Default: STRATA_DEVICE, else the first GPU.")
  var device: String?

  @Option(parsing: .upToNextOption, help: "Formats of the weights. Default: all that can be written.")
  var format: [FormatName] = []

  @Option(name: [.customShort("r"), .long], parsing: .unconditional, help: "Rows of each expert.")
  var rows = CommaList(1, 16, 64, 256)

  @OptionGroup var precision: PrecisionOptions

  @Option(parsing: .unconditional, help: "Columns of a row: K of the first products.")
  var hidden = 2048

  @Option(parsing: .unconditional, help: "Columns between the products: N of the first ones.")
  var intermediate = 768

  @Option(parsing: .unconditional, help: "Experts of a layer.")
  var experts = 8

  @Option(parsing: .unconditional, help: "Measurements of each, in turn with the ceilings.")
  var rounds = 5

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    var bench = ProductBench()
    if !format.isEmpty { bench.formats = format.map(\.format) }
    (bench.rows, bench.hidden, bench.intermediate) = (rows.values, hidden, intermediate)
    (bench.experts, bench.rounds) = (experts, rounds)
    bench.activations = precision.activations
    let progress = ProgressLine("measuring")
    let report = try bench.run(on: openCLDevice(device)) { progress.step($0) }
    progress.finish()
    if json { return try printJSON(report) }
    try Terminal.output(report.lines.joined(separator: "\n") + "\n")
  }
}
