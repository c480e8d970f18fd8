import ArgumentParser

struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures a model, policies on a real device, single products and the scheduler, and runs for long.",
    discussion: "Without a subcommand it is `strata bench tokens`.",
    subcommands: [
      BenchTokens.self, BenchServe.self, BenchProducts.self, BenchAttention.self, BenchScheduler.self, BenchSoak.self,
    ],
    defaultSubcommand: BenchTokens.self)
}
