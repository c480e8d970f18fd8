import HTTPTypes
import Hummingbird

/// Lets in who may ask: by key, and by the name that a browser knows this machine by.
struct AccessMiddleware: RouterMiddleware {
  let options: ServerOptions

  /// What anybody may see.
  private static let open: Set<String> = ["/", "/health"]

  func handle(
    _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    try checkHost(request)
    if !options.apiKeys.isEmpty, !Self.open.contains(request.uri.path), !hasKey(request) { throw APIError.wrongKey }
    return try await next(request, context)
  }

  /// On loopback without keys a page of another site must not come in by a name that it lets point here.
  private func checkHost(_ request: Request) throws(APIError) {
    guard options.isLoopback, options.apiKeys.isEmpty, let authority = request.head.authority else { return }
    let host = Self.host(of: authority)
    guard ServerOptions.isLoopback(host) || host == options.host else {
      throw APIError(
        status: .forbidden, type: "invalid_request_error",
        message: "the host is called \(host), expected localhost or a loopback address")
    }
  }

  /// Without port and brackets.
  static func host(of authority: String) -> String {
    if authority.hasPrefix("[") { return String(authority.dropFirst().prefix { $0 != "]" }) }
    return authority.split(separator: ":", maxSplits: 1).first.map { $0.lowercased() } ?? ""
  }

  private func hasKey(_ request: Request) -> Bool {
    guard let header = request.headers[.authorization], header.lowercased().hasPrefix("bearer ") else { return false }
    let given = Array(header.dropFirst("bearer ".count).utf8)
    // Each key is compared in full, so that the time does not tell how much of one was right.
    return options.apiKeys.reduce(false) { found, key in Self.equal(given, Array(key.utf8)) || found }
  }

  /// In a time that depends on the lengths alone.
  static func equal(_ given: [UInt8], _ key: [UInt8]) -> Bool {
    var difference = given.count ^ key.count
    for index in given.indices { difference |= Int(given[index] ^ (key.isEmpty ? 0 : key[index % key.count])) }
    return difference == 0
  }
}
