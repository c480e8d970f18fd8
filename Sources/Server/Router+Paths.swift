import HTTPTypes
import Hummingbird

extension Router<ServerContext> {
  private static let others: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]

  /// Answers the one method that a path has; what can be read gives its head alone, too. Any other method is told that one.
  func add(
    _ method: HTTPRequest.Method, _ path: RouterPath, hasHead: Bool = true,
    use respond: @Sendable @escaping (Request, ServerContext) async throws -> Response
  ) {
    on(path, method: method, use: respond)
    let hasHead = method == .get && hasHead
    // RequestMiddleware leaves the body out.
    if hasHead { on(path, method: .head, use: respond) }
    let allow = hasHead ? "GET, HEAD" : method.rawValue
    for other in Self.others where other != method && !(hasHead && other == .head) {
      on(path, method: other) { request, _ -> Response in
        throw APIError.wrongMethod(request.method.rawValue, request.uri.path, allow: allow)
      }
    }
  }
}
