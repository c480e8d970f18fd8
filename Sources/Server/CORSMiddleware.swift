import HTTPTypes
import Hummingbird

/// Tells browsers which other origins' pages may ask, and what they may read of an answer, of an error too.
struct CORSMiddleware: RouterMiddleware {
  /// Or `*`; empty for none.
  let origins: [String]

  private static let requestedMethod = HTTPField.Name("access-control-request-method")
  private static let requestedHeaders = HTTPField.Name("access-control-request-headers")

  func handle(
    _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    guard !origins.isEmpty else { return try await next(request, context) }
    let origin = request.headers[.origin].flatMap { origins.contains("*") || origins.contains($0) ? $0 : nil }
    let isPreflight =
      origin != nil && request.method == .options && Self.requestedMethod.map { request.headers[$0] } != nil
    var response = isPreflight ? preflight(request) : try await next(request, context)
    // Caches keep the answers to each origin apart.
    response.headers[.vary] = isPreflight ? "Origin, Access-Control-Request-Headers" : "Origin"
    guard let origin else { return response }
    response.headers[.accessControlAllowOrigin] = origin
    if !isPreflight { response.headers[.accessControlExposeHeaders] = "X-Request-Id, Retry-After" }
    return response
  }

  /// Clients add headers of their own, as OpenAI's do: any may come.
  private func preflight(_ request: Request) -> Response {
    let asked = Self.requestedHeaders.flatMap { request.headers[$0] }
    return Response(
      status: .noContent,
      headers: [
        .accessControlAllowMethods: "GET, HEAD, POST, OPTIONS",
        .accessControlAllowHeaders: asked ?? "Authorization, Content-Type, X-Request-Id",
        .accessControlMaxAge: "600",
      ])
  }
}
