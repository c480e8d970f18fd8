import ArgumentParser
import Engine
import Foundation

struct BenchSoak: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "soak",
    abstract: "Serves random requests for a long time, and compares every output with a serial run's.",
    discussion: """
      Requests arrive at random and some are cancelled; engines with different memory take turns, so that experts are \
      streamed and requests preempted. Each sample is a line of CSV: memory, objects of OpenCL, latencies. Ends with \
      status 1 if an output is wrong, a request fails, or an engine leaves an object behind.
      """)

  @Option(help: "Folder of the model: config.json, *.safetensors.")
  var model: String

  @Option(
    parsing: .unconditional,
    help: "reference, an index of `strata devices`, or part of a name. Default: STRATA_DEVICE, else the first GPU.")
  var device: String?

  @Option(parsing: .unconditional, help: "How long.")
  var seconds = 60.0

  @Option(parsing: .unconditional, help: "Seconds between samples.")
  var interval = 10.0

  @Option(parsing: .unconditional, help: "Seconds until another engine, one of \(Soak.kinds) kinds, takes over.")
  var engineSeconds = 300.0 / Double(Soak.kinds)

  @Option(parsing: .unconditional, help: "What decides the requests and when they come.")
  var seed: UInt64 = 1

  func validate() throws {
    for (name, value) in [("seconds", seconds), ("interval", interval), ("engine-seconds", engineSeconds)]
    where !(value > 0 && value < 1e7) {
      throw ValidationError("'--\(name)' is \(value), expected more than 0 and less than 10000000")
    }
  }

  func run() async throws {
    var soak = Soak(device: try DeviceSelection.find(device), seconds: seconds)
    (soak.seed, soak.interval, soak.engineSeconds) = (seed, interval, engineSeconds)
    let files = try ModelFiles(path: model)
    try Terminal.output(SoakSample.header + "\n")
    let outcome = try await soak.run(files) { try Terminal.output($0.row + "\n") }
    Terminal.error(
      "\(outcome.finished) requests finished, \(outcome.cancelled) cancelled, \(outcome.preemptions) preemptions, "
        + "\(outcome.engines) engines; \(outcome.wrong) wrong, \(outcome.failed) failed")
    guard outcome.wrong == 0, outcome.failed == 0 else {
      throw EngineError(
        "soak with seed \(seed): \(outcome.wrong) outputs differ from a serial run's, \(outcome.failed) requests failed"
      )
    }
  }
}
