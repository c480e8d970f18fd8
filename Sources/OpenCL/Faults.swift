#if FAULTS
  import COpenCL
  import Synchronization

  /// Failures of OpenCL calls that tests ask for, in debug builds only: the call is not made, and its status is another.
  ///
  /// Bound to a task and what it starts, so that tests that run at the same time do not meet each other's.
  package final class Faults: Sendable {
    @TaskLocal package static var current: Faults?

    /// A place in the sources that calls OpenCL.
    package struct Site: Hashable, Sendable, Comparable, CustomStringConvertible {
      package let call: String
      package let file: String
      package let line: Int
      /// The event that the call has given, which may end in an error, and not the call itself.
      package var isEvent = false

      package var description: String { "\(isEvent ? "event of " : "")\(call) (\(file):\(line))" }

      package static func < (a: Site, b: Site) -> Bool {
        (a.call, a.file, a.line, a.isEvent ? 1 : 0) < (b.call, b.file, b.line, b.isEvent ? 1 : 0)
      }

      init(_ call: StaticString, _ file: StaticString, _ line: Int, isEvent: Bool = false) {
        self.call = "\(call)"
        self.file = "\(file)".split(separator: "/").last.map(String.init) ?? ""
        self.line = line
        self.isEvent = isEvent
      }
    }

    /// What goes wrong.
    package enum Kind: Sendable {
      /// Nothing: uses are counted.
      case none
      /// Use `number`, from 0, of a site fails with this status.
      case once(Site, number: Int, status: Int32)
      /// The same, and the compiler says why.
      case refused(Site, number: Int, status: Int32, log: String)
      /// The compiler has something to say of every program, and builds it.
      case warned(log: String)
      /// Use `number` of a site that gives an event gives one that has ended with this status.
      case event(Site, number: Int, status: Int32)
      /// From use `number` of a site on, every call fails: the device is gone.
      case lost(Site, number: Int)
    }

    private struct State {
      var uses: [Site: Int] = [:]
      var hasStruck = false
      var liveHandles = 0
    }

    private let kind: Kind
    private let state = Mutex(State())

    package init(_ kind: Kind) { self.kind = kind }

    /// How often each site was used.
    package var uses: [Site: Int] { state.withLock { $0.uses } }
    /// Whether the fault has happened.
    package var hasStruck: Bool { state.withLock { $0.hasStruck } }
    /// Objects alive that were made under these faults.
    package var liveHandles: Int { state.withLock { $0.liveHandles } }

    func count(_ change: Int) { state.withLock { $0.liveHandles += change } }

    /// The status that a call gets instead of being made, if any.
    static func status(_ call: StaticString, _ file: StaticString, _ line: Int) -> Int32? {
      current?.strike(Site(call, file, line))
    }

    /// The event that a call has given, or one that has failed instead of it.
    static func event(
      _ event: cl_event?, _ call: StaticString, _ file: StaticString = #fileID, _ line: Int = #line
    ) -> cl_event? {
      guard let event, let status = current?.strike(Site(call, file, line, isEvent: true)) else { return event }
      do {
        return try failed(instead: event, status)
      } catch {
        preconditionFailure("a fault could not be made: \(error)")
      }
    }

    private static func failed(instead event: cl_event, _ status: Int32) throws(OpenCLError) -> cl_event {
      let label = "an event that fails"
      var context: cl_context?
      let size = MemoryLayout<cl_context?>.size
      try check(
        clGetEventInfo(event, cl_event_info(CL_EVENT_CONTEXT), size, &context, nil), "clGetEventInfo", label)
      let failed = try created("clCreateUserEvent", label, { [context] in clCreateUserEvent(context, $0) })
      try check(clSetUserEventStatus(failed, status), "clSetUserEventStatus", label)
      try check(clReleaseEvent(event), "clReleaseEvent", label)
      return failed
    }

    /// What the compiler has to say, where these faults decide it.
    static var buildLog: String? {
      guard let current else { return nil }
      switch current.kind {
      case .warned(let log):
        current.state.withLock { $0.hasStruck = true }
        return log
      case .refused(_, _, _, let log): return log
      default: return nil
      }
    }

    private func strike(_ site: Site) -> Int32? {
      state.withLock { state in
        let number = state.uses[site, default: 0]
        state.uses[site] = number + 1
        switch kind {
        case .none, .warned: return nil
        case .once(let target, let wanted, let status), .refused(let target, let wanted, let status, _),
          .event(let target, let wanted, let status):
          guard site == target, number == wanted else { return nil }
          state.hasStruck = true
          return status
        case .lost(let target, let wanted):
          if site == target, number == wanted { state.hasStruck = true }
          guard state.hasStruck else { return nil }
          // What was queued before the loss has ended as it has.
          return site.isEvent ? nil : CL_DEVICE_NOT_AVAILABLE
        }
      }
    }
  }

  extension Faults {
    /// `body` with the faults of the calling task, for a thread that it starts.
    package static func inherited(_ body: @escaping @Sendable () -> Void) -> @Sendable () -> Void {
      let faults = current
      return { $current.withValue(faults) { body() } }
    }
  }
#endif
