import Synchronization

/// Counts the requests that run or wait, and lets in no more than there is room for.
final class Admission: Sendable {
  private struct State {
    var count = 0
    var isStopping = false
    var nextID = 0
    /// Ends an answer that is under way with an error.
    var active: [Int: @Sendable (APIError) -> Void] = [:]
  }

  private let capacity: Int
  private let state = Mutex(State())

  init(capacity: Int) { self.capacity = capacity }

  /// A place for some requests, given back when nobody holds it any more.
  final class Ticket: Sendable {
    private let admission: Admission
    private let count: Int
    private let id: Int

    fileprivate init(_ admission: Admission, count: Int, id: Int) {
      self.admission = admission
      self.count = count
      self.id = id
    }

    /// Says how the answer is ended if the server has to.
    func onStop(_ end: @escaping @Sendable (APIError) -> Void) {
      admission.state.withLock { $0.active[id] = end }
    }

    deinit {
      admission.state.withLock {
        $0.count -= count
        $0.active[id] = nil
      }
    }
  }

  /// Says early that `enter` would refuse whoever comes now.
  func check() throws(APIError) {
    let (count, isStopping) = state.withLock { ($0.count, $0.isStopping) }
    if isStopping { throw .stopping }
    guard count < capacity else { throw .busy(count) }
  }

  /// - Throws: `APIError` if there is no room, or the server is shutting down.
  func enter(_ count: Int) throws(APIError) -> Ticket {
    let result = state.withLock { state -> Result<Int, APIError> in
      if state.isStopping { return .failure(.stopping) }
      guard count <= capacity else {
        return .failure(
          .invalid("n and the prompts make \(count) answers, but the queue holds \(capacity)", param: "n"))
      }
      guard state.count + count <= capacity else { return .failure(.busy(state.count)) }
      state.count += count
      state.nextID += 1
      return .success(state.nextID)
    }
    return Ticket(self, count: count, id: try result.get())
  }

  var count: Int { state.withLock { $0.count } }
  var isStopping: Bool { state.withLock { $0.isStopping } }

  /// Lets nobody in any more.
  func stop() { state.withLock { $0.isStopping = true } }

  /// Ends all answers that are under way.
  func endAll() {
    let active = state.withLock { $0.active }
    for end in active.values { end(.stopping) }
  }
}
