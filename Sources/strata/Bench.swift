import ArgumentParser

struct Bench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Measures tokens a second of a model, policies on a real device, products of experts, and the scheduler itself.",
    discussion: "Without a subcommand it is `strata bench tokens`.",
    subcommands: [BenchTokens.self, BenchServe.self, BenchProducts.self, BenchAttention.self, BenchScheduler.self],
    defaultSubcommand: BenchTokens.self)
}
