import Engine
import JSON
import Scheduling
import Synchronization

/// Passes an engine's events on to the pages that watch; one that does not read misses some.
final class LiveHub: Sendable {
  private struct State {
    var nextID = 0
    var watchers: [Int: AsyncStream<String>.Continuation] = [:]
    var clock = RequestClock()
  }

  private let state = Mutex(State())
  /// Events that a page may be behind.
  private static let mostBehind = 1024
  /// Pages that may watch at once.
  private static let mostWatchers = 64

  /// - Throws: `APIError` with too many pages.
  func watch() throws(APIError) -> AsyncStream<String> {
    let (stream, continuation) = AsyncStream<String>.makeStream(bufferingPolicy: .bufferingNewest(Self.mostBehind))
    let id = state.withLock { state -> Int? in
      guard state.watchers.count < Self.mostWatchers else { return nil }
      state.nextID += 1
      state.watchers[state.nextID] = continuation
      return state.nextID
    }
    guard let id else { throw .busy(Self.mostWatchers) }
    continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.watchers[id] = nil } }
    return stream
  }

  func add(_ event: EngineEvent) {
    let (message, watchers) = state.withLock { state in
      let message = Self.message(event, &state.clock)
      return (message, Array(state.watchers.values))
    }
    guard let message, !watchers.isEmpty else { return }
    let text = message.text
    for watcher in watchers { watcher.yield(text) }
  }

  /// Ends all streams.
  func stop() {
    for watcher in state.withLock({ Array($0.watchers.values) }) { watcher.finish() }
  }

  private static func message(_ event: EngineEvent, _ clock: inout RequestClock) -> JSONValue? {
    switch event {
    case .submitted(let id, let prompt, let most, let time, let waiting):
      clock.submit(id, RequestClock.Life(promptTokens: prompt, maxTokens: most, arrival: time))
      return [
        "submitted": .int(id.value), "tokens": .int(prompt), "max": .int(most), "t": .double(time),
        "waiting": .int(waiting),
      ]
    case .iteration(let iteration): return LiveEvents.json(iteration, clock.advance(iteration))
    case .cancelled(let id, let time, _):
      // Every request is dropped once it has ended; that is no news then.
      return clock.drop(id) == nil ? nil : ["left": .int(id.value), "t": .double(time)]
    case .failed(let ids, let time, _):
      for id in ids { _ = clock.drop(id) }
      return ["failed": .array(ids.map { .int($0.value) }), "t": .double(time)]
    }
  }
}
