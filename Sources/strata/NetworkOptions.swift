import ArgumentParser
import Engine
import Foundation
import Server

/// How a server is reached, and what it puts up with.
struct NetworkOptions: ParsableArguments {
  @Option(help: "Address to listen on. Other machines need --api-key then.")
  var host = "127.0.0.1"

  @Option(parsing: .unconditional, help: "Port to listen on; 0 takes a free one.")
  var port = 8000

  @Option(
    parsing: .unconditionalSingleValue, help: "A key that clients have to show; may be given several times.")
  var apiKey: [String] = []

  @Flag(help: "Let other machines in without a key.")
  var insecure = false

  @Option(
    parsing: .unconditionalSingleValue,
    help: "An origin whose pages may ask, or '*' for any; may be given several times.")
  var corsOrigin: [String] = []

  @Option(help: "PEM file with the certificate chain, for HTTPS; with --tls-key.")
  var tlsCertificate: String?

  @Option(help: "PEM file with the certificate's key.")
  var tlsKey: String?

  @Option(parsing: .unconditional, help: "Requests that may wait beside --max-num-seqs that run; more are refused.")
  var maxQueue = 256

  @Option(parsing: .unconditional, help: "Seconds that a request may take, waiting included.")
  var requestTimeout = 600.0

  @Option(parsing: .unconditional, help: "Seconds that a connection may take to send a request, or be idle.")
  var idleTimeout = 60.0

  @Option(parsing: .unconditional, help: "Seconds that running requests have to end after SIGTERM.")
  var drainTimeout = 30.0

  @Option(parsing: .unconditional, help: "Bytes of a request's body at most.")
  var maxBodyBytes = 8 << 20

  @Option(help: "What the names of metrics begin with. promtool takes no colon: strata_ pleases it.")
  var metricsPrefix = "strata:"

  @Option(help: "Where spans of requests go, by OTLP over HTTP: http://127.0.0.1:4318/v1/traces. Default: nowhere.")
  var otlpTracesEndpoint: String?

  /// - Throws: `ValidationError` for one half of a pair.
  func serverOptions(modelName: String, maxModelLength: Int) throws -> ServerOptions {
    var options = ServerOptions(modelName: modelName, maxModelLength: maxModelLength)
    options.host = host
    options.port = port
    options.apiKeys = apiKey
    if let key = ProcessInfo.processInfo.environment["STRATA_API_KEY"], !key.isEmpty { options.apiKeys.append(key) }
    options.allowsNoKey = insecure
    options.corsOrigins = corsOrigin
    switch (tlsCertificate, tlsKey) {
    case (let certificate?, let key?): options.tls = (certificate, key)
    case (nil, nil): break
    default: throw ValidationError("--tls-certificate and --tls-key go together")
    }
    options.maxQueue = maxQueue
    options.requestTimeout = requestTimeout
    options.idleTimeout = idleTimeout
    options.drainTimeout = drainTimeout
    options.maxBodyBytes = maxBodyBytes
    options.metricsPrefix = metricsPrefix
    options.tracesEndpoint = otlpTracesEndpoint
    return options
  }
}
