import Foundation
import NIOPosix

/// Where the bodies of large requests are read and made tokens: beside the threads that pass answers on, and less urgent than they
/// are, so that nobody's stream waits for somebody's megabytes.
enum LargeBodies {
  /// Bytes from which on a body is large. A smaller one takes less than it takes to hand it over and get a processor.
  static let smallest = 16 << 10
  /// Bytes from which on it is one of those that others would wait for, were they on one thread.
  private static let smallestHuge = 512 << 10
  private static let niceness: Int32 = 10

  private static let large = thread()
  private static let huge = thread()

  /// One thread, as long as the process lives.
  private static func thread() -> NIOThreadPool {
    let pool = NIOThreadPool(numberOfThreads: 1)
    pool.start()
    return pool
  }

  /// Does the work for a body of `byteCount` bytes.
  static func process<Result: Sendable>(
    byteCount: Int, _ work: @escaping @Sendable () throws -> Result
  ) async throws -> Result {
    guard byteCount >= smallest else { return try work() }
    return try await (byteCount < smallestHuge ? large : huge).runIfActive {
      #if os(Linux)
        _ = setpriority(.init(PRIO_PROCESS.rawValue), 0, niceness)  // the calling thread's alone
      #endif
      return try work()
    }
  }
}
