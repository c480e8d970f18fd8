import ArgumentParser
import Checkpoints
import Engine
import Foundation
import Models
import Profiling
import Scheduling
import Tokenizers

struct Run: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Continues prompts: text to stdout as it is made, a summary to stderr.",
    discussion: "Several prompts run together as one batch. Each is then printed under a heading, in order.")

  @OptionGroup var options: ModelOptions

  @Option(parsing: .unconditionalSingleValue, help: "A prompt; may be given several times.")
  var prompt: [String] = []

  @Option(help: "A file whose whole text is a prompt; may be given several times.")
  var promptFile: [String] = []

  @Option(parsing: .unconditional, help: "Tokens to generate at most. Default: 128, or what the context has room for.")
  var maxTokens: Int?

  @Option(
    parsing: .unconditional,
    help: "0 takes the most probable token each time. Default: the model's generation_config.json.")
  var temperature: Float?

  @Option(parsing: .unconditional, help: "Sample from this many of the most probable tokens; 0 for all.")
  var topK: Int?

  @Option(parsing: .unconditional, help: "Sample from the most probable tokens with this share of the probability.")
  var topP: Float?

  @Option(parsing: .unconditional, help: "Seed of the sampling: the same seed gives the same text.")
  var seed: UInt64?

  @Flag(help: "Print one JSON object instead of text.")
  var json = false

  @Option(help: "Write the kernels and copies as a Chrome trace, for ui.perfetto.dev.")
  var trace: String?

  @Flag(help: "Print how the device's memory would be divided, and do nothing else.")
  var plan = false

  @Flag(help: "Hold a conversation: each line of the input is a message. Needs a model with a chat template.")
  var chat = false

  @Option(parsing: .unconditional, help: "What the model is told before a conversation. With --chat.")
  var system: String?

  @Option(parsing: .unconditional, help: "Tokens of a conversation at most. Default: 4096, or the model's context.")
  var chatContext: Int?

  func validate() throws {
    if chat { return try validateChat() }
    if system != nil || chatContext != nil { throw ValidationError("--system and --chat-context need --chat") }
    if prompt.isEmpty, promptFile.isEmpty { throw ValidationError("--prompt or --prompt-file is needed") }
    if plan, trace != nil { throw ValidationError("'--plan' runs nothing, so '--trace' would have nothing to show") }
  }

  private func validateChat() throws {
    if !prompt.isEmpty || !promptFile.isEmpty || json || plan || trace != nil {
      throw ValidationError("--chat takes its messages from the input, without --prompt, --json, --plan and --trace")
    }
    if let maxTokens, maxTokens < 1 { throw ValidationError("--max-tokens is \(maxTokens), expected 1 or more") }
    if let chatContext, chatContext < 1 {
      throw ValidationError("--chat-context is \(chatContext), expected 1 or more")
    }
  }

  func run() async throws {
    if chat { return try await runChat() }
    let files = try ModelFiles(path: options.model)
    let tokenizer = try files.tokenizer()
    let texts = prompt + (try promptFile.map(readText))
    let sampling = try sampling(files.sampling)
    let sources = prompt.indices.map { "prompt \($0 + 1)" } + promptFile
    let requests = try GenerationRequest.requests(
      for: texts, sources: sources, files, tokenizer, maxTokens: maxTokens, sampling: sampling)
    let engineOptions = try engineOptions(files, requests)
    if plan { return try printPlan(files, engineOptions) }
    let engine = try load(files, tokenizer, engineOptions)

    let (results, errors) = try await collect(engine.submit(requests))
    if results.isEmpty, let first = errors.first { throw first.error }
    let report = RunReport(
      device: engineOptions.device.name, policy: options.policy.rawValue, seed: sampling.seed,
      prompts: results.map { texts[$0.index] }, results: results.map(\.result),
      ledger: try await engine.ledger())
    if let trace { try await write(trace, engine) }
    if json { try printJSON(report) }
    for line in report.summary { Terminal.error(line) }
    // Those that failed did not keep the others from their end.
    guard errors.isEmpty else {
      throw EngineError(errors.map { "\(sources[$0.index]): \($0.error)" }.joined(separator: "; "))
    }
  }

  private func load(_ files: ModelFiles, _ tokenizer: Tokenizer, _ engineOptions: EngineOptions) throws -> Engine {
    let progress = ProgressLine("loading \(options.model)")
    let engine = try Engine(
      files, tokenizer: tokenizer, options: engineOptions, progress: { progress.update($0, $1) },
      building: { progress.step("building \($0)") })
    progress.finish()
    return engine
  }

  private func runChat() async throws {
    let files = try ModelFiles(path: options.model)
    let tokenizer = try files.tokenizer()
    guard let template = try files.chatTemplate() else {
      throw EngineError(
        "\(options.model): there is no chat template, expected chat_template.jinja or one in tokenizer_config.json")
    }
    let sampling = try sampling(files.sampling)
    let context = min(chatContext ?? 4096, files.description.maxPositions)
    let blocks = (context + Engine.blockSize - 1) / Engine.blockSize
    let engineOptions = try options.engineOptions(
      files, cachePositions: blocks * Engine.blockSize, expectedTokens: min(context, 512))
    let engine = try load(files, tokenizer, engineOptions)
    let conversation = Conversation(template, tokenizer, system: system)
    try await Chat(engine, tokenizer, sampling: sampling, maxTokens: maxTokens, context: context).run(conversation)
  }

  private func printPlan(_ files: ModelFiles, _ options: EngineOptions) throws {
    let plan = Engine.memoryPlan(files, options)
    if json { try printJSON(plan) } else { try Terminal.output(plan.lines.joined(separator: "\n") + "\n") }
    try plan.check(options)
  }

  /// - Throws: `EngineError` or `CheckpointError` also where there would be no trace.
  private func engineOptions(_ files: ModelFiles, _ requests: [GenerationRequest]) throws -> EngineOptions {
    var engine = try options.engineOptions(
      files, cachePositions: requests.cachePositions, expectedTokens: requests.promptTokens)
    guard let trace else { return engine }
    guard case .openCL = engine.device else {
      throw EngineError("trace has no meaning on the reference, which runs no kernels; expected an OpenCL device")
    }
    try SafetensorsWriter.check(trace)
    engine.profiling = true
    return engine
  }

  private func write(_ trace: String, _ engine: Engine) async throws {
    let records = try await engine.takeRecords()
    let timeline = DeviceTimeline(launches: records.launches, transfers: records.transfers)
    try OutputFile.write(ChromeTrace.encode([(options.policy.rawValue, timeline)]), to: trace)
  }

  private func sampling(_ defaults: SamplingOptions) throws -> SamplingOptions {
    let sampling = SamplingOptions(
      temperature: temperature ?? defaults.temperature, topK: topK ?? defaults.topK, topP: topP ?? defaults.topP,
      seed: seed ?? UInt64.random(in: 0..<(1 << 53)))
    try sampling.validate()
    return sampling
  }

  /// Prints the first prompt's text as it comes, then the others', which run at the same time.
  private func collect(
    _ streams: [AsyncThrowingStream<GenerationEvent, any Error>]
  ) async throws -> (results: [(index: Int, result: GenerationResult)], errors: [(index: Int, error: any Error)]) {
    var results: [(index: Int, result: GenerationResult)] = []
    var errors: [(index: Int, error: any Error)] = []
    for (index, stream) in streams.enumerated() {
      if streams.count > 1, !json { try Terminal.output("\(index > 0 ? "\n" : "")==> prompt \(index + 1) <==\n") }
      var events = stream.makeAsyncIterator()
      var hasText = streams.count > 1
      do {
        while let event = try await events.next() {
          switch event {
          case .token(_, let text, _):
            hasText = true
            if !json { try Terminal.output(text) }
          case .finished(let result): results.append((index, result))
          case .prompt: break
          }
        }
      } catch let error as OutputError {
        throw error
      } catch {
        errors.append((index, error))
      }
      if !json, hasText { try Terminal.output("\n") }
    }
    return (results, errors)
  }
}
