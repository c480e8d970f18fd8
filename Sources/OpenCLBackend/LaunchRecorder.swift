package import OpenCL

/// One launch of a kernel, as the device has timed it.
package struct LaunchRecord: Sendable, Equatable {
  /// The kernel's function.
  package var kernel: String
  /// What `LaunchRecorder.section` was.
  package var section: String
  package var times: EventTimes

  package init(kernel: String, section: String, times: EventTimes) {
    self.kernel = kernel
    self.section = section
    self.times = times
  }

  /// Seconds from start to end.
  package var seconds: Double { times.ended > times.started ? Double(times.ended - times.started) * 1e-9 : 0 }
}

/// Keeps the events of a backend's launches until somebody asks for their times.
package final class LaunchRecorder {
  /// An event in a box, so that it can stand in an array.
  private final class Pending {
    let event: Event
    let kernel: String
    let section: String

    init(_ event: consuming Event, kernel: String, section: String) {
      self.event = event
      self.kernel = kernel
      self.section = section
    }
  }

  /// What the launches from now on belong to, in the words of whoever asks.
  package var section = ""
  private var pending: [Pending] = []

  init() {}

  func add(_ event: consuming Event, kernel: String) {
    pending.append(Pending(event, kernel: kernel, section: section))
  }

  /// Waits for what was launched since the last call, and gives it in the order of launching.
  package func take() throws -> [LaunchRecord] {
    defer { pending = [] }
    return try pending.map { try LaunchRecord(kernel: $0.kernel, section: $0.section, times: $0.event.times) }
  }
}
