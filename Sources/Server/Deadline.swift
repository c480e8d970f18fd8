import NIOCore
import NIOPosix

/// Does something when its time has come, unless it is cancelled before: then nothing of it is left, while the timer of a task
/// that sleeps stays until it would have woken.
struct Deadline: Sendable {
  private let scheduled: Scheduled<Void>

  /// - Parameters:
  ///   - seconds: from now.
  ///   - action: runs on an event loop, and must not wait.
  init(seconds: Double, _ action: @escaping @Sendable () -> Void) {
    // Longer times than a clock counts are never over.
    scheduled = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(
      in: .nanoseconds(Int64(min(seconds * 1e9, 0x1p61))), action)
  }

  func cancel() { scheduled.cancel() }
}
