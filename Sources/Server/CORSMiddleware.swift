import HTTPTypes
import Hummingbird

/// Tells browsers which other origins' pages may ask, and what they may read of an answer, of an error too.
struct CORSMiddleware: RouterMiddleware {
  /// Or `*`; empty for none.
  let origins: [String]

  private static let requestedHeaders = HTTPField.Name("access-control-request-headers")

  func handle(
    _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    guard let origin = request.headers[.origin], origins.contains("*") || origins.contains(origin) else {
      return try await next(request, context)
    }
    let isPreflight = request.method == .options
    var response = isPreflight ? preflight(request) : try await next(request, context)
    response.headers[.accessControlAllowOrigin] = origin
    response.headers[.accessControlExposeHeaders] = "X-Request-Id, Retry-After"
    response.headers[.vary] = isPreflight ? "Origin, Access-Control-Request-Headers" : "Origin"
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
