package import Backend
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
  /// The file below `Kernels/` that it is in; empty for a kernel of somebody else.
  package var source: String
  /// Of the weights that it was built for.
  package var format: ElementFormat?
  /// What else it was built for: names of macros, such as CODES, and on matrix units `TOKENS=64`.
  package var features: [String]
  package var place: LaunchPlace
  /// When the host queued it, by its own clock; noted for every few launches only.
  package var queued: ContinuousClock.Instant?
  package var times: EventTimes

  package init(
    kernel: String, source: String = "", format: ElementFormat? = nil, features: [String] = [], place: LaunchPlace,
    queued: ContinuousClock.Instant?, times: EventTimes
  ) {
    self.kernel = kernel
    self.source = source
    self.format = format
    self.features = features
    self.place = place
    self.queued = queued
    self.times = times
  }

  /// Seconds from start to end.
  package var seconds: Double { times.ended > times.started ? Double(times.ended - times.started) * 1e-9 : 0 }
}

/// Keeps the events of a backend's launches until they are over, and then their times until somebody asks for them.
///
/// A driver that has many events alive becomes slower: PoCL takes half as long again for a token of a small model.
package final class LaunchRecorder {
  /// An event in a box, so that it can stand in an array.
  private final class Pending {
    let event: Event
    let kernel: String
    let source: String
    let format: ElementFormat?
    let features: [String]
    let place: LaunchPlace
    let queued: ContinuousClock.Instant?

    init(
      _ event: consuming Event, kernel: String, source: String, format: ElementFormat?, features: [String],
      place: LaunchPlace, queued: ContinuousClock.Instant?
    ) {
      self.event = event
      self.kernel = kernel
      self.source = source
      self.format = format
      self.features = features
      self.place = place
      self.queued = queued
    }
  }

  /// Of so many launches the host's time of one is noted.
  private static let noted = 32

  /// What the launches from now on belong to.
  package var place = LaunchPlace()
  private var pending: [Pending] = []
  /// Of `pending` so many, the first ones, are over.
  private var overCount = 0
  private var done: [LaunchRecord] = []

  package init() {}

  package func add(
    _ event: consuming Event, kernel: String, source: String = "", format: ElementFormat? = nil, features: [String] = []
  ) {
    let isNoted = (pending.count + done.count).isMultiple(of: Self.noted)
    pending.append(
      Pending(
        event, kernel: kernel, source: source, format: format, features: features, place: place,
        queued: isNoted ? .now : nil))
  }

  /// Everything that was launched so far is over: its events can go when there is time.
  func allAreOver() { overCount = pending.count }

  /// Reads the times of launches that are over, and lets their events go.
  func collect() throws {
    guard overCount > 0 else { return }
    // Before they are asked: one that has failed says so once.
    let over = pending.prefix(overCount)
    pending.removeFirst(overCount)
    overCount = 0
    try keep(over)
  }

  /// Waits for what was launched since the last call, and gives it in the order of launching.
  package func take() throws -> [LaunchRecord] {
    defer { (pending, overCount, done) = ([], 0, []) }
    try keep(pending[...])
    return done
  }

  private func keep(_ some: ArraySlice<Pending>) throws {
    for launch in some {
      done.append(
        LaunchRecord(
          kernel: launch.kernel, source: launch.source, format: launch.format, features: launch.features,
          place: launch.place, queued: launch.queued, times: try launch.event.times))
    }
  }
}
