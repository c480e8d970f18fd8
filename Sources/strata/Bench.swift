import ArgumentParser

struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures policies on a real device and the scheduler itself, and runs both for long.",
    subcommands: [BenchServe.self, BenchScheduler.self, BenchSoak.self])
}
