import ArgumentParser
import Backend
import Checkpoints
import Engine
import Foundation
import Tokenizers

struct Logits: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a prompt's logits, and on demand its hidden states, to a safetensors file.",
    discussion: """
      Tensors: logits [1 or T, vocabulary] f32; with --hidden also hidden.i [T, hidden] f32, the input of layer i (the \
      last one is after the final norm), and router.i [T, k] i32, the experts that layer i chose, best first.
      """)

  @OptionGroup var options: ModelOptions

  @Option(parsing: .unconditional, help: "Token ids, separated by commas.")
  var tokens: String?

  @Option(help: "A file of token ids, separated by commas or white space.")
  var tokensFile: String?

  @Option(
    parsing: .unconditional, help: "A text, turned into tokens by tokenizer.json alone: no BOS token is put before it.")
  var text: String?

  @Flag(help: "Logits of every position, not only the last.")
  var all = false

  @Flag(help: "Hidden states and chosen experts of every layer, too.")
  var hidden = false

  @Option(help: "The file to write.")
  var output: String

  func validate() throws {
    guard [tokens, tokensFile, text].count(where: { $0 != nil }) == 1 else {
      throw ValidationError("exactly one of --tokens, --tokens-file and --text is needed")
    }
  }

  func run() async throws {
    let files = try ModelFiles(path: options.model)
    let prompt = try prompt(files)
    try SafetensorsWriter.check(output)
    let request = GenerationRequest(
      prompt: prompt, maxTokens: 1, capture: CaptureOptions(allLogits: all, hidden: hidden))
    let progress = ProgressLine("loading \(options.model)")
    let engine = try Engine(
      files, tokenizer: nil,
      options: options.engineOptions(files, cachePositions: prompt.count, expectedTokens: prompt.count),
      progress: { progress.update($0, $1) }, building: { progress.step("building \($0)") })
    progress.finish()
    for try await event in try await engine.submit([request])[0] {
      guard case .finished(let result) = event, let capture = result.capture else { continue }
      try SafetensorsWriter.write(capture.tensors(files.description), to: output)
    }
  }

  private func prompt(_ files: ModelFiles) throws -> [Int32] {
    let prompt: [Int32]
    let source: String
    if let text {
      (prompt, source) = (try files.tokenizer().encode(text), "--text")
    } else if let tokens {
      (prompt, source) = (try parseTokens(tokens, source: "--tokens"), "--tokens")
    } else {
      source = tokensFile ?? ""
      prompt = try parseTokens(readText(source), source: source)
    }
    try files.check(prompt, source: source)
    return prompt
  }
}
