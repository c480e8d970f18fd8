package import Engine
import Foundation

/// How a server is reached, and what it puts up with.
package struct ServerOptions: Sendable {
  package var host = "127.0.0.1"
  /// 0 takes any that is free.
  package var port = 8000
  /// What clients call the model.
  package var modelName: String
  /// Keys of which a client has to show one; empty for none.
  package var apiKeys: [String] = []
  /// Whether other machines may come in without a key.
  package var allowsNoKey = false
  /// Origins whose pages may ask, or `*`; empty for none but the server's own.
  package var corsOrigins: [String] = []
  /// PEM files of the certificate chain and its key, together.
  package var tls: (certificate: String, key: String)?
  /// Requests that run at once, and those that may wait beside them.
  package var maxRequests = 256
  package var maxQueue = 256
  /// Seconds that a request may take from its arrival to its end.
  package var requestTimeout = 600.0
  /// Seconds that a connection may take to send a request, and be idle between two.
  package var idleTimeout = 60.0
  package var maxBodyBytes = 8 << 20
  package var maxHeaderBytes = 32 << 10
  /// Seconds that running requests have to end once the server is told to stop.
  package var drainTimeout = 30.0
  /// Tokens of a completion that does not say how many.
  package var defaultMaxTokens = 16
  /// Tokens that a request may have, prompt and answer together.
  package var maxModelLength: Int
  /// What the names of metrics begin with.
  package var metricsPrefix = "strata:"
  /// Where spans go, by OTLP over HTTP; nil for nowhere.
  package var tracesEndpoint: String?
  /// Seconds between tokens that count as late beyond it.
  package var tbtTarget = 0.1

  package init(modelName: String, maxModelLength: Int) {
    self.modelName = modelName
    self.maxModelLength = maxModelLength
  }

  /// Whether only this machine can reach the server.
  package var isLoopback: Bool { Self.isLoopback(host) }

  static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "::1" { return true }
    // A name may begin like an address, 127.0.0.evil.example, and belong to anybody.
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127"
      && parts.allSatisfy { $0.allSatisfy { ("0"..."9").contains($0) } && UInt8($0) != nil }
  }

  /// - Throws: `EngineError` naming the option that is out of range, or missing for others.
  package func check() throws(EngineError) {
    if apiKeys.contains(where: \.isEmpty) { throw EngineError("api-key is empty, expected a key") }
    guard isLoopback || !apiKeys.isEmpty || allowsNoKey else {
      throw EngineError(
        "host is \(host), where other machines can come in: expected an api-key, or insecure for none")
    }
    guard (0...65_535).contains(port) else { throw EngineError("port is \(port), expected 0 to 65535") }
    guard maxQueue >= 0 else { throw EngineError("max-queue is \(maxQueue), expected 0 or more") }
    guard let first = metricsPrefix.unicodeScalars.first, !("0"..."9").contains(first),
      metricsPrefix.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") })
    else {
      throw EngineError("metrics-prefix is \(metricsPrefix), expected letters, digits, _ and :, such as strata:")
    }
    let times = [
      ("request-timeout", requestTimeout), ("idle-timeout", idleTimeout), ("drain-timeout", drainTimeout),
      ("tbt-target", tbtTarget),
    ]
    for (name, seconds) in times where !(seconds > 0 && seconds <= Self.longestTime) {
      throw EngineError("\(name) is \(seconds) s, expected a time above 0 and at most \(Int(Self.longestTime)) s")
    }
    if let endpoint = tracesEndpoint {
      guard let url = URL(string: endpoint), ["http", "https"].contains(url.scheme), url.host != nil else {
        throw EngineError(
          "otlp-traces-endpoint is \(endpoint), expected a URL such as http://127.0.0.1:4318/v1/traces")
      }
    }
    guard (1 << 10...1 << 30).contains(maxBodyBytes) else {
      throw EngineError("max-body-bytes is \(maxBodyBytes), expected 1024 to \(1 << 30)")
    }
  }

  /// Seconds: a month.
  private static let longestTime = 2_678_400.0
}
