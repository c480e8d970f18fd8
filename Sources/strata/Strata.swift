import ArgumentParser

@main
struct Strata: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "strata", abstract: "Runs Mixture-of-Experts language models on OpenCL devices.", subcommands: [])
}
