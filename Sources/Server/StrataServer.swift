package import Engine
import Foundation
import Grammars
import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle
package import Templates
package import Tokenizers
import UnixSignals

/// Serves one model over HTTP.
package struct StrataServer: Sendable {
  private let options: ServerOptions
  private let logger: Logger
  private let engine: Engine
  private let model: ServedModel
  private let admission: Admission
  private let metrics: ServerMetrics
  private let hub = LiveHub()
  private let exporter: SpanExporter?

  /// Bytes that may still come behind a refusal.
  private static let slack = 1 << 20
  /// Seconds that connections have to close behind the last answer.
  private static let closingTime = 5.0

  /// - Parameter template: makes prompts of chats; without one there are only completions.
  /// - Throws: `EngineError` for options that do not go together.
  package init(
    _ engine: Engine, tokenizer: Tokenizer, template: ChatTemplate?, options: ServerOptions, logger: Logger
  ) throws {
    try options.check()
    self.engine = engine
    self.options = options
    self.logger = logger
    exporter = options.tracesEndpoint.map { SpanExporter(endpoint: $0, logger: logger) }
    admission = Admission(capacity: options.maxRequests + options.maxQueue)
    metrics = ServerMetrics(
      model: options.modelName, prefix: options.metricsPrefix, admission: admission, tbtTarget: options.tbtTarget)
    model = ServedModel(
      name: options.modelName, files: engine.files, tokenizer: tokenizer, template: template,
      toolFormat: ToolFormat(template: template?.text ?? ""), grammar: GrammarVocabulary(tokenizer),
      maxLength: options.maxModelLength,
      longestToken: (0..<Int32(tokenizer.vocabularySize)).reduce(1) { max($0, tokenizer.bytes(of: $1)?.count ?? 0) },
      created: Int(Date().timeIntervalSince1970))
  }

  var router: Router<ServerContext> {
    let router = Router(context: ServerContext.self)
    router.addMiddleware {
      CORSMiddleware(origins: options.corsOrigins)
      RequestMiddleware(metrics: metrics)
      AccessMiddleware(options: options)
    }
    let generation = GenerationRoutes(
      model: model, engine: engine, options: options, admission: admission, exporter: exporter)
    let info = InfoRoutes(model: model, options: options, admission: admission)
    let live = LiveRoutes(model: model, engine: engine, options: options, hub: hub, metrics: metrics)
    router.add(.post, "/v1/completions", use: generation.completions)
    router.add(.post, "/v1/chat/completions", use: generation.chat)
    router.add(.get, "/v1/models", use: info.models)
    router.add(.get, "/v1/models/:id", use: info.model)
    router.add(.get, "/health", use: info.health)
    router.add(.post, "/tokenize", use: info.tokenize)
    router.add(.post, "/detokenize", use: info.detokenize)
    router.add(.get, "/metrics") { _, _ in
      Response(text: await metrics.text, type: "text/plain; version=0.0.4; charset=utf-8")
    }
    router.add(.get, "/", use: live.page)
    router.add(.get, "/live/state", use: live.state)
    router.add(.get, "/live/events", hasHead: false, use: live.events)
    router.add(.post, "/live/control", use: live.control)
    return router
  }

  /// Passes the engine's events on to metrics and pages, until the task is cancelled.
  func watchEngine() async {
    for await event in await engine.observe() {
      await metrics.add(event)
      hub.add(event)
    }
  }

  /// The server as one service.
  /// - Parameter ready: told the port once clients can come.
  func application(ready: @escaping @Sendable (Int) async -> Void) throws -> some ApplicationProtocol {
    Application(
      router: router, server: try httpServer(),
      configuration: .init(address: .hostname(options.host, port: options.port), serverName: "strata"),
      onServerRunning: { channel in await ready(channel.localAddress?.port ?? 0) }, logger: logger)
  }

  private func httpServer() throws -> HTTPServerBuilder {
    let http = HTTPServerBuilder.http1(
      configuration: .init(
        additionalChannelHandlers: [
          DisconnectHandler(),
          RequestLimitHandler(seconds: options.idleTimeout, mostBytes: 2 * options.maxBodyBytes + Self.slack),
        ],
        idleTimeout: .milliseconds(Int64(options.idleTimeout * 1000)),
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: options.maxHeaderBytes, maxHeaderListSize: options.maxHeaderBytes,
          maxHeaderFieldCount: 100)))
    guard let tls = options.tls else { return http }
    return try .tls(http, tlsConfiguration: Self.configuration(certificate: tls.certificate, key: tls.key))
  }

  private static func configuration(certificate: String, key: String) throws -> TLSConfiguration {
    do {
      let chain = try NIOSSLCertificate.fromPEMFile(certificate)
      return .makeServerConfiguration(
        certificateChain: chain.map { .certificate($0) },
        privateKey: .privateKey(try NIOSSLPrivateKey(file: key, format: .pem)))
    } catch {
      throw EngineError("\(certificate), \(key): cannot be read as a certificate and its key in PEM: \(error)")
    }
  }

  /// Serves until SIGTERM or SIGINT; then lets what runs come to its end, for `drainTimeout` at most.
  package func run(ready: @escaping @Sendable (Int) async -> Void) async throws {
    let watching = Task { await watchEngine() }
    defer { watching.cancel() }
    var configuration = ServiceGroupConfiguration(
      services: (exporter.map { [.init(service: $0)] } ?? []) + [
        // The last is told first to stop.
        .init(service: try application(ready: ready)),
        .init(service: DrainService(admission: admission, hub: hub, seconds: options.drainTimeout, logger: logger)),
      ],
      gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    // Connections that do not end by themselves.
    configuration.maximumGracefulShutdownDuration = .seconds(options.drainTimeout + Self.closingTime)
    try await ServiceGroup(configuration: configuration).run()
  }
}
