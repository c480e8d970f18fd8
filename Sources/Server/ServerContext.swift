import Hummingbird
import Logging
import NIOCore
import Synchronization

/// What is known of a request while it is answered.
struct ServerContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// Nil in tests without a connection.
  let channel: (any Channel)?
  var requestID = ""
  /// When its head had come.
  let arrival = ContinuousClock.now
  /// What the client says of the trace that it is a part of.
  var traceparent: String?
  private let usage = UsageNote()

  /// Seconds since it came.
  var age: Double { (ContinuousClock.now - arrival).seconds }

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    channel = source.channel
  }

  /// Keeps the tokens for the log.
  func note(_ usage: Usage) { self.usage.value.withLock { $0 = usage } }
  var notedUsage: Usage? { usage.value.withLock { $0 } }
}

private final class UsageNote: Sendable {
  let value = Mutex<Usage?>(nil)
}
