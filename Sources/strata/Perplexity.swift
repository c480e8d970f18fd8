import ArgumentParser
import Engine
import Foundation
import Models

struct Perplexity: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures how well a model predicts a text, as llama.cpp does and prints it.",
    discussion: """
      The text is cut into windows; of each, the second half is predicted. Printed are the estimate after each window, and \
      at the end the estimate with its standard error.
      """)

  @OptionGroup var options: ModelOptions

  @Option(help: "The text.")
  var file: String?

  @Option(help: "The text's token ids instead, separated by commas or white space.")
  var tokensFile: String?

  @Option(parsing: .unconditional, help: "Tokens of a window.")
  var contextSize = 512

  @Option(parsing: .unconditional, help: "Windows at most. Default: the whole text.")
  var chunks: Int?

  func validate() throws {
    guard (file == nil) != (tokensFile == nil) else {
      throw ValidationError("exactly one of --file and --tokens-file is needed")
    }
    guard contextSize >= 4 else { throw ValidationError("--context-size is \(contextSize), expected at least 4") }
    if let chunks, chunks < 1 { throw ValidationError("--chunks is \(chunks), expected at least 1") }
  }

  func run() async throws {
    let files = try ModelFiles(path: options.model)
    guard contextSize <= files.description.maxPositions else {
      throw EngineError("context-size is \(contextSize), but the model has \(files.description.maxPositions) positions")
    }
    let tokens = try tokens(files)
    let texts = try PerplexityEstimate.windows(tokens, length: contextSize, bos: nil).prefix(chunks ?? .max)
    let windows = try PerplexityEstimate.windows(tokens, length: contextSize, bos: files.promptBOS)
    let progress = ProgressLine("loading \(options.model)")
    let engine = try Engine(
      files, tokenizer: nil,
      options: options.engineOptions(files, cachePositions: contextSize, expectedTokens: contextSize),
      progress: { progress.update($0, $1) }, building: { progress.step("building \($0)") })
    progress.finish()
    Terminal.error("perplexity: \(texts.count) windows of \(contextSize) tokens")
    var estimate = PerplexityEstimate()
    for (index, (text, window)) in zip(texts, windows).enumerated() {
      let request = GenerationRequest(prompt: window, maxTokens: 1, capture: CaptureOptions(allLogits: true))
      for try await event in try await engine.submit([request])[0] {
        guard case .finished(let result) = event, let capture = result.capture else { continue }
        estimate.add(text, logits: capture.logits)
      }
      try Terminal.output("[\(index + 1)]\(fixed(estimate.value, 4)),")
    }
    try Terminal.output("\nFinal estimate: PPL = \(fixed(estimate.value, 4)) +/- \(fixed(estimate.error, 5))\n")
  }

  private func tokens(_ files: ModelFiles) throws -> [Int32] {
    if let file { return files.encode(try readText(file), with: try files.tokenizer()) }
    let source = tokensFile ?? ""
    return try parseTokens(readText(source), source: source)
  }
}
