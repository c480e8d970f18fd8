import HTTPTypes
import Hummingbird
import NIOCore

/// Receives the bodies of requests.
enum RequestBodies {
  /// What `read` makes of a body's members.
  /// - Throws: `APIError` for a body that is too long or no JSON object, or that does not say it is JSON: a page of another
  ///   origin could send it then. What `read` throws.
  static func read<Result: Sendable>(
    _ request: Request, _ context: ServerContext, _ options: ServerOptions,
    _ read: @escaping @Sendable (Fields) throws -> Result
  ) async throws -> Result {
    let isConnected = context.channel?.isActive ?? false
    let bytes = try await bytes(request, context, options)
    return try await LargeBodies.process(byteCount: bytes.count) { [channel = context.channel] in
      // Whoever has left while others were read is not.
      if isConnected, channel?.isActive == false { throw CancellationError() }
      return try read(Fields(body: bytes))
    }
  }

  private static func bytes(
    _ request: Request, _ context: ServerContext, _ options: ServerOptions
  ) async throws -> [UInt8] {
    let type = request.headers[.contentType]?.split(separator: ";").first.map { $0.lowercased() }
    guard type?.trimmingPrefix(" ") == "application/json" else {
      throw APIError(
        status: .unsupportedMediaType, type: "invalid_request_error",
        message: "content-type is \(type ?? "missing"), expected application/json")
    }
    let tooLong = APIError(
      status: .contentTooLarge, type: "invalid_request_error",
      message: "the body has more than \(options.maxBodyBytes) bytes")
    if let length = request.headers[.contentLength].flatMap(Int.init), length > options.maxBodyBytes { throw tooLong }
    var bytes: [UInt8] = []
    do {
      for try await buffer in request.body {
        guard bytes.count + buffer.readableBytes <= options.maxBodyBytes else { throw tooLong }
        bytes += buffer.readableBytesView
      }
    } catch let error as APIError {
      throw error
    } catch {
      // The connection has ended, or what came was no HTTP.
      throw APIError(running: CancellationError())
    }
    return bytes
  }
}
