package import OpenCL

/// What a launch belongs to.
package struct LaunchPlace: Sendable, Equatable {
  /// In the words of whoever measures.
  package var section: String
  /// Of the model; nil outside its layers.
  package var layer: Int?
  /// The layers that a prompt passes in this iteration; nil where only decode rows run.
  package var group: Range<Int>?

  package init(section: String = "", layer: Int? = nil, group: Range<Int>? = nil) {
    self.section = section
    self.layer = layer
    self.group = group
  }
}

/// One launch of a kernel, as the device has timed it.
package struct LaunchRecord: Sendable, Equatable {
  /// The kernel's function.
  package var kernel: String
  package var place: LaunchPlace
  /// When the host queued it, by its own clock; noted for every few launches only.
  package var queued: ContinuousClock.Instant?
  package var times: EventTimes

  package init(kernel: String, place: LaunchPlace, queued: ContinuousClock.Instant?, times: EventTimes) {
    self.kernel = kernel
    self.place = place
    self.queued = queued
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
    let place: LaunchPlace
    let queued: ContinuousClock.Instant?

    init(_ event: consuming Event, kernel: String, place: LaunchPlace, queued: ContinuousClock.Instant?) {
      self.event = event
      self.kernel = kernel
      self.place = place
      self.queued = queued
    }
  }

  /// Of so many launches the host's time of one is noted.
  private static let noted = 32

  /// What the launches from now on belong to.
  package var place = LaunchPlace()
  private var pending: [Pending] = []

  package init() {}

  package func add(_ event: consuming Event, kernel: String) {
    let isNoted = pending.count.isMultiple(of: Self.noted)
    pending.append(Pending(event, kernel: kernel, place: place, queued: isNoted ? .now : nil))
  }

  /// Waits for what was launched since the last call, and gives it in the order of launching.
  package func take() throws -> [LaunchRecord] {
    defer { pending = [] }
    return try pending.map {
      try LaunchRecord(kernel: $0.kernel, place: $0.place, queued: $0.queued, times: $0.event.times)
    }
  }
}
