import Dispatch
import Foundation
import Synchronization

/// Ctrl-C while something is going on that it may stop.
final class Interrupts: Sendable {
  private let action = Mutex<(@Sendable () -> Void)?>(nil)
  /// Only kept, never used after it was made.
  private nonisolated(unsafe) let source: any DispatchSourceSignal

  init() {
    signal(SIGINT, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: DispatchQueue(label: "strata.interrupts"))
    self.source = source
    source.setEventHandler { [weak self] in self?.action.withLock { $0 }?() }
    source.resume()
  }

  /// Runs `body`; Ctrl-C calls `stop` meanwhile.
  func during<Result>(_ body: () async throws -> Result, stop: @escaping @Sendable () -> Void) async rethrows -> Result
  {
    action.withLock { $0 = stop }
    defer { action.withLock { $0 = nil } }
    return try await body()
  }
}
