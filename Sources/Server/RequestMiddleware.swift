import Foundation
import HTTPTypes
import Hummingbird
import Logging

/// Names each request, turns errors into responses, and writes the log.
struct RequestMiddleware: RouterMiddleware {
  let metrics: ServerMetrics

  private static let idHeader = HTTPField.Name("x-request-id")
  private static let traceHeader = HTTPField.Name("traceparent")
  private static let longestID = 128

  func handle(
    _ request: Request, context: ServerContext, next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    let start = ContinuousClock.now
    var context = context
    context.requestID = Self.id(of: request)
    if let name = Self.traceHeader { context.traceparent = request.headers[name] }
    context.logger[metadataKey: "request_id"] = .string(context.requestID)
    var response: Response
    do {
      response = try await next(request, context)
    } catch let error as HTTPError {
      response = Self.response(to: error, request)
    } catch {
      response = APIError(running: error).response
    }
    // It has no body, an error neither.
    if request.method == .head { response = response.createHeadResponse() }
    if let name = Self.idHeader { response.headers[name] = context.requestID }
    await metrics.count(status: response.status.code)
    let seconds = (ContinuousClock.now - start).seconds
    var metadata: Logger.Metadata = [
      "method": .string(request.method.rawValue), "path": .string(request.uri.path),
      "status": .stringConvertible(response.status.code), "seconds": .stringConvertible(seconds),
    ]
    for (name, value) in context.notedUsage?.metadata ?? [:] { metadata[name] = value }
    context.logger.log(level: Self.level(response.status.code), "request", metadata: metadata)
    return response
  }

  /// To be refused while the server shuts down is nothing that went wrong.
  private static func level(_ status: Int) -> Logger.Level {
    switch status {
    case 503: .warning
    case 500...: .error
    default: .info
    }
  }

  /// What the client calls it, if that is short and plain.
  private static func id(of request: Request) -> String {
    if let name = idHeader, let given = request.headers[name], given.count <= longestID,
      given.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }), !given.isEmpty
    {
      return given
    }
    return UUID().uuidString.lowercased()
  }

  private static func response(to error: HTTPError, _ request: Request) -> Response {
    let message =
      error.status == .notFound
      ? "there is no \(request.method.rawValue) \(request.uri.path)" : error.body ?? error.status.reasonPhrase
    return APIError(status: error.status, type: "invalid_request_error", message: message).response
  }
}

extension Duration {
  var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
