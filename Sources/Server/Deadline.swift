import NIOCore
import NIOPosix

/// Does something when its time has come, unless it is cancelled before: then nothing of it is left, while the timer of a task
/// that sleeps stays until it would have woken.
struct Deadline: Sendable {
  private let scheduled: Scheduled<Void>

  /// - Parameters:
  ///   - channel: on whose event loop `action` runs; on any without one.
  ///   - seconds: from now.
  init(_ channel: (any Channel)?, seconds: Double, _ action: @escaping @Sendable () -> Void) {
    let loop = channel?.eventLoop ?? MultiThreadedEventLoopGroup.singleton.any()
    // Longer times than a clock counts are never over.
    scheduled = loop.scheduleTask(in: .nanoseconds(Int64(min(seconds * 1e9, 0x1p61))), action)
  }

  func cancel() { scheduled.cancel() }
}
