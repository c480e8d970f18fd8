import ArgumentParser
import Engine
import Foundation
import Scheduling

struct BenchScheduler: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scheduler",
    abstract: "Measures the scheduler's own time for an iteration, without a device.",
    discussion: "A prompt is always under way beside the requests that run, and all others wait for its place.")

  @Option(parsing: .upToNextOption, help: "Requests that run, one line each.")
  var running = [16, 64, 256]

  @Option(parsing: .unconditional, help: "Requests that wait.")
  var waiting = 10000

  @Option(parsing: .unconditional, help: "Iterations that are measured.")
  var iterations = 1000

  @Option(parsing: .upToNextOption, help: "Policies. Default: all.")
  var policy: [PolicyName] = PolicyName.allCases

  @Flag(help: "Print a list of JSON objects, times in seconds.")
  var json = false

  private static let heading =
    "microseconds an iteration: policy, running, waiting, mean, median, P99, plan alone, an arrival\n"

  func run() throws {
    var results: [SchedulerBenchmark.Result] = []
    for name in policy {
      for count in running {
        var benchmark = SchedulerBenchmark(running: count, waiting: waiting)
        benchmark.iterations = iterations
        let result = try benchmark.run(PolicyOptions(name))
        results.append(result)
        guard !json else { continue }
        if results.count == 1 { try Terminal.output(Self.heading) }
        let label = result.policy.padding(toLength: 12, withPad: " ", startingAt: 0)
        let times = [result.time.mean, result.time.median, result.time.p99, result.planning, result.arrival]
        try Terminal.output(
          label + String(format: "%5d %7d", result.running, result.waiting)
            + times.map { String(format: "%9.1f", $0 * 1e6) }.joined() + "\n")
      }
    }
    if json { try printJSON(results) }
  }
}
