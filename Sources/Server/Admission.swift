import Synchronization

/// Counts the requests that run or wait, and lets in no more than there is room for.
final class Admission: Sendable {
  private struct State {
    var count = 0
    /// Requests that are being received.
    var arriving = 0
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

  /// A request on its way in, until nobody holds it any more: it may enter though the server be told to stop meanwhile.
  final class Arrival: Sendable {
    private let admission: Admission

    fileprivate init(_ admission: Admission) { self.admission = admission }

    deinit { admission.state.withLock { $0.arriving -= 1 } }
  }

  /// - Throws: `APIError` if whoever comes now would be refused.
  func arrive() throws(APIError) -> Arrival {
    let refusal = state.withLock { state -> APIError? in
      if state.isStopping { return .stopping }
      guard state.count < capacity else { return .busy(state.count) }
      state.arriving += 1
      return nil
    }
    if let refusal { throw refusal }
    return Arrival(self)
  }

  /// - Throws: `APIError` for more answers than there is ever room for.
  func check(_ count: Int) throws(APIError) {
    guard count > capacity else { return }
    throw .invalid("n and the prompts make \(count) answers, but the queue holds \(capacity)", param: "n")
  }

  /// - Throws: `APIError` if there is no room.
  func enter(_ count: Int, _ arrival: Arrival) throws(APIError) -> Ticket {
    try check(count)
    let result = state.withLock { state -> Result<Int, APIError> in
      guard state.count + count <= capacity else { return .failure(.busy(state.count)) }
      state.count += count
      state.nextID += 1
      return .success(state.nextID)
    }
    return Ticket(self, count: count, id: try result.get())
  }

  var count: Int { state.withLock { $0.count } }
  var isEmpty: Bool { state.withLock { $0.count + $0.arriving == 0 } }
  var isStopping: Bool { state.withLock { $0.isStopping } }

  /// Lets nobody in any more.
  func stop() { state.withLock { $0.isStopping = true } }

  /// Ends all answers that are under way.
  func endAll() {
    let active = state.withLock { $0.active }
    for end in active.values { end(.stopping) }
  }
}
