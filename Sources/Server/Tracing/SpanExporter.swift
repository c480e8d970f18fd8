import AsyncHTTPClient
import JSON
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle

/// Brings spans to a collector of OpenTelemetry, by OTLP over HTTP in JSON, a second at a time.
actor SpanExporter: Service {
  private let endpoint: String
  private let logger: Logger
  private var spans: [Span] = []
  private var lastWarning: ContinuousClock.Instant?

  /// Spans that wait at most; others are lost while the collector does not answer.
  private static let most = 8192
  private static let timeout = TimeAmount.seconds(10)
  private static let timeBetweenWarnings = Duration.seconds(60)

  /// - Parameter endpoint: `http://127.0.0.1:4318/v1/traces`
  init(endpoint: String, logger: Logger) {
    self.endpoint = endpoint
    self.logger = logger
  }

  func add(_ new: [Span]) {
    if spans.count < Self.most { spans += new }
  }

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while (try? await Task.sleep(for: .seconds(1))) != nil {
        // What is on its way comes to its end although the server does.
        await Task { await self.flush() }.value
      }
    }
    await flush()
  }

  private func flush() async {
    guard !spans.isEmpty else { return }
    let sent = spans
    spans = []
    var request = HTTPClientRequest(url: endpoint)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/json")
    request.body = .bytes(ByteBuffer(string: Span.export(sent).text))
    do {
      let response = try await HTTPClient.shared.execute(request, timeout: Self.timeout)
      guard !(200..<300).contains(response.status.code) else { return }
      warn("status \(response.status.code)", lost: sent.count)
    } catch {
      warn("\(error)", lost: sent.count)
    }
  }

  private func warn(_ reason: String, lost: Int) {
    let now = ContinuousClock.now
    if let lastWarning, now - lastWarning < Self.timeBetweenWarnings { return }
    lastWarning = now
    logger.warning(
      "spans are lost", metadata: ["endpoint": "\(endpoint)", "reason": "\(reason)", "spans": "\(lost)"])
  }
}
