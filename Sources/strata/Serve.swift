import ArgumentParser
import Engine
import Foundation
import Logging
import Models
import OpenCL
import OpenCLBackend
import Scheduling
import Server
import Tokenizers

extension LogFormat: ExpressibleByArgument {}

struct Serve: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serves a model over HTTP, to OpenAI's clients, Prometheus and browsers.",
    discussion: """
      The live page is at /. Requests share the device by the policy; SIGTERM lets those that run come to their end. \
      STRATA_API_KEY may hold a key, too.
      """)

  @OptionGroup var options: ModelOptions
  @OptionGroup var network: NetworkOptions

  @Option(help: "What clients call the model. Default: the name of its folder or file.")
  var servedModelName: String?

  @Option(help: "A Jinja file that makes prompts of conversations. Default: the model's own.")
  var chatTemplate: String?

  @Option(parsing: .unconditional, help: "Tokens of a request, prompt and answer. Default: the context, at most 32768.")
  var maxModelLen: Int?

  @Option(
    parsing: .unconditional,
    help: "Positions that the KV cache holds. Default: 32 requests of --max-model-len, or what fits.")
  var cachePositions: Int?

  @Flag(inversion: .prefixedNo, help: "Keep keys and values of finished requests for prompts that begin alike.")
  var enablePrefixCaching = true

  @Option(
    help: """
      How far kernels give way, on devices that compute on the host's processors, to whoever answers clients: 0 (not at all) \
      to 19, as in nice(1).
      """)
  var kernelNiceness = 5

  @Option(help: "How the log is written to stderr: text or json.")
  var logFormat: LogFormat = .text

  @Option(help: "What the log has: trace, debug, info, notice, warning, error or critical.")
  var logLevel = Logger.Level.info.rawValue

  func validate() throws {
    guard Logger.Level(rawValue: logLevel) == nil else { return }
    let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
    throw ValidationError("'--log-level' is \(logLevel), expected one of \(levels)")
  }

  func run() async throws {
    guard (0...19).contains(kernelNiceness) else {
      throw EngineError("kernel-niceness is \(kernelNiceness), expected 0 to 19")
    }
    if kernelNiceness > 0 { Platform.startThreads(niceness: kernelNiceness) }
    let files = try ModelFiles(path: options.model)
    let tokenizer = try files.tokenizer()
    let template =
      try chatTemplate.map { try files.chatTemplate(text: readText($0), source: $0) } ?? files.chatTemplate()
    var length = files.description.maxPositions
    if let maxModelLen {
      guard (1...length).contains(maxModelLen) else {
        throw EngineError("max-model-len is \(maxModelLen), expected 1 to \(length), the model's context")
      }
      length = maxModelLen
    } else {
      length = min(length, Self.longestDefault)
    }
    let engineOptions = try engineOptions(files, length: &length)
    var serverOptions = try network.serverOptions(
      modelName: servedModelName ?? Self.name(of: options.model), maxModelLength: length)
    serverOptions.maxRequests = options.maxNumSeqs
    if let target = options.tbtTarget { serverOptions.tbtTarget = target / 1000 }
    try serverOptions.check()
    let (format, level) = (logFormat, Logger.Level(rawValue: logLevel) ?? .info)
    LoggingSystem.bootstrap { _ in LineLogHandler(format, level: level) { Terminal.error($0) } }
    let logger = Logger(label: "strata")
    let engine = try load(files, tokenizer, engineOptions, logger)
    let server = try StrataServer(
      engine, tokenizer: tokenizer, template: template, options: serverOptions, logger: logger)
    let address = (serverOptions.tls == nil ? "http://" : "https://") + Self.bracketed(serverOptions.host)
    let (name, most) = (serverOptions.modelName, length)
    try await server.run { port in
      logger.notice(
        "serving", metadata: ["url": "\(address):\(port)", "model": "\(name)", "max_model_len": "\(most)"])
    }
  }

  private static let longestDefault = 32_768
  private static let requestsByDefault = 32

  private func engineOptions(_ files: ModelFiles, length: inout Int) throws -> EngineOptions {
    let wanted = length * min(Self.requestsByDefault, options.maxNumSeqs)
    var engine = try options.engineOptions(files, cachePositions: wanted, expectedTokens: length)
    engine.prefixCaching = enablePrefixCaching
    engine.warmedBatches = OpenCLBackend.decodingBatches.filter { $0 <= options.maxNumSeqs }
    if engine.policy.cutsPrompts {
      // As many prompts together as an iteration may have.
      engine.expectedTokens = Engine.maxBatchedTokens(files, engine)
    }
    if let cachePositions {
      guard cachePositions > 0 else { throw EngineError("cache-positions is \(cachePositions), expected 1 or more") }
      engine.cachePositions = cachePositions
    } else {
      engine.cachePositions = min(wanted, Engine.cachePositionsThatFit(files, engine, least: length))
    }
    let held = (engine.cachePositions + Engine.blockSize - 1) / Engine.blockSize * Engine.blockSize
    length = min(length, held)
    engine.maxPositions = length
    return engine
  }

  private func load(
    _ files: ModelFiles, _ tokenizer: Tokenizer, _ engineOptions: EngineOptions, _ logger: Logger
  ) throws -> Engine {
    guard logFormat == .text else {
      // Where each line is an object, there is no place for others.
      logger.info("loading", metadata: ["model": "\(options.model)"])
      return try Engine(
        files, tokenizer: tokenizer, options: engineOptions, progress: { _, _ in },
        building: { logger.info("building", metadata: ["source": "\($0)"]) })
    }
    let progress = ProgressLine("loading \(options.model)")
    let engine = try Engine(
      files, tokenizer: tokenizer, options: engineOptions, progress: { progress.update($0, $1) },
      building: { progress.step("building \($0)") })
    progress.finish()
    return engine
  }

  private static func name(of path: String) -> String {
    let url = URL(fileURLWithPath: path)
    return url.pathExtension == "gguf" ? url.deletingPathExtension().lastPathComponent : url.lastPathComponent
  }

  private static func bracketed(_ host: String) -> String { host.contains(":") ? "[\(host)]" : host }
}
