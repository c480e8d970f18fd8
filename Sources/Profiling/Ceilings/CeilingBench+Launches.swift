import OpenCL
import OpenCLBackend

extension CeilingBench {
  /// Launches of one series that nobody waits for in between.
  private static let series = 256

  /// What a launch of a kernel that does nothing costs, its two arguments set each time.
  func measureLaunches() throws -> [Ceiling] {
    var kernel = try kernel("Ceilings/launch.cl", "launch")
    let out = try Buffer(context, byteCount: 4, label: "launch")
    // Profiling may make launches slower.
    let plain = try Queue(context)
    func launch(_ value: Int) throws {
      try plain.launch(&kernel, global: Extent(1), local: Extent(1), out.view, UInt32(value))
    }
    for index in 0..<Self.series { try launch(index) }
    try plain.finish()
    let backToBack = try repeated {
      try wallSeconds {
        for index in 0..<Self.series { try launch(index) }
        try plain.finish()
      } / Double(Self.series)
    }
    let recorder = LaunchRecorder()
    let profiled = try repeated {
      defer { _ = try? recorder.take() }
      return try wallSeconds {
        for index in 0..<Self.series {
          recorder.add(
            try queue.launchTimed(&kernel, global: Extent(1), local: Extent(1), out.view, UInt32(index)),
            kernel: "launch")
        }
        try queue.finish()
      } / Double(Self.series)
    }
    let finished = try singles {
      try wallSeconds {
        try launch(0)
        try plain.finish()
      }
    }
    let queued = try singles {
      let event = try queue.launchTimed(&kernel, global: Extent(1), local: Extent(1), out.view, UInt32(1))
      let times = try event.times
      // Clocks of queueing and of starting may differ by a tick.
      return times.started > times.queued ? Double(times.started - times.queued) * 1e-9 : 0
    }
    return [
      Ceiling(.launchQueued, queued, method: "one launch at a time, OpenCL events"),
      Ceiling(.launchBackToBack, backToBack, method: "\(Self.series) launches and a finish, the host's clock"),
      Ceiling(
        .launchProfiled, profiled, method: "the same on a queue that profiles, with an event each, the host's clock"),
      Ceiling(.launchAndFinish, finished, method: "one launch and a finish, the host's clock"),
    ]
  }

  private func singles(_ body: () throws -> Double) rethrows -> Samples {
    _ = try body()
    return Samples(try (0..<Self.series).map { _ in try body() })
  }
}
