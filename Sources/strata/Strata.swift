import ArgumentParser
import Foundation
import OpenCL
import Reference

@main
struct Strata: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "strata",
    abstract: "Runs Mixture-of-Experts language models on OpenCL devices, by layered prefill.",
    version: "0.1.0",
    subcommands: [
      Run.self, Serve.self, Bench.self, Profile.self, Tune.self, Simulate.self, Devices.self, Inspect.self,
      Convert.self, Upcycle.self, Perplexity.self, Logits.self, Validate.self, Tokenize.self, RenderTemplate.self,
    ])

  /// As ArgumentParser's, but with an error of ours as one clear line; only a compiler's log has more.
  static func main() async {
    do {
      var command = try parseAsRoot()
      if let filter = try OpFilter(environment: ProcessInfo.processInfo.environment) {
        Terminal.error("strata: \(OpFilter.environmentVariable): \(filter.summary)")
      }
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch {
      let code = exitCode(for: error)
      if code == .validationFailure || code.isSuccess || error is CleanExit || error is ExitCode {
        exit(withError: error)
      }
      Terminal.error("strata: error: " + (error is OpenCLError ? "\(error)" : oneLine("\(error)")))
      Foundation.exit(1)
    }
  }

  /// With control characters escaped: a path in a message may hold some.
  private static func oneLine(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { line, scalar in
      let isControl = scalar.properties.generalCategory == .control
      line += isControl ? scalar.escaped(asASCII: true) : String(scalar)
    }
  }
}
