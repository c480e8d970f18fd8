import ArgumentParser
import Backend
import Checkpoints
import Conversion

struct Upcycle: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turns a dense GGUF model into one with experts, whose output stays the dense model's.",
    discussion: """
      Sparse upcycling to Mixtral's shape: every expert is the dense feed-forward network with its neurons in another \
      order, behind a random router.
      """)

  @Argument(help: "The GGUF file of a dense model, architecture llama.")
  var input: String

  @Argument(help: "The GGUF file to write.")
  var output: String

  @Option(parsing: .unconditional, help: "Experts of each layer, 2 to 1024.")
  var experts: Int

  @Option(parsing: .unconditional, help: "Experts that a token meets.")
  var used: Int

  @Option(help: "Format of the weights. Default: those that they have, with no rounding.")
  var type: FormatName?

  @Option(parsing: .unconditional, help: "Seed of the orders and the routers.")
  var seed: UInt64 = 1

  func validate() throws {
    guard (2...1024).contains(experts) else { throw ValidationError("--experts is \(experts), expected 2 to 1024") }
    guard (1...experts).contains(used) else { throw ValidationError("--used is \(used), expected 1 to \(experts)") }
  }

  func run() throws {
    try SafetensorsWriter.check(output)
    let checkpoint = try Checkpoint(path: input)
    try write(
      Upcycler(checkpoint, experts: experts, used: used, type: type?.format, seed: seed).converter, to: output)
  }
}
