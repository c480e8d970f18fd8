import NIOCore

/// Ends an answer whose client has gone, or that takes too long.
final class AnswerWatch: Sendable {
  private let disconnects: DisconnectHandler?
  private let id: Int?
  private let deadlines: [Deadline]

  /// Seconds that a client has to read the end of an answer that was late.
  private static let grace = 10.0

  /// - Parameters:
  ///   - limit: seconds that a request may take.
  ///   - age: seconds that it has taken.
  init(_ channel: (any Channel)?, limit: Double, age: Double, end: @escaping @Sendable (any Error) -> Void) async {
    disconnects = await Self.handler(of: channel)
    id = disconnects?.onDisconnect { end(CancellationError()) }
    deadlines = [
      Deadline(seconds: max(0, limit - age)) { end(APIError.late(limit)) },
      Deadline(seconds: max(0, limit - age) + Self.grace) { channel?.close(promise: nil) },
    ]
  }

  deinit { finish() }

  func finish() {
    for deadline in deadlines { deadline.cancel() }
    if let id { disconnects?.forget(id) }
  }

  private static func handler(of channel: (any Channel)?) async -> DisconnectHandler? {
    guard let channel else { return nil }
    return try? await channel.pipeline.handler(type: DisconnectHandler.self).get()
  }
}
