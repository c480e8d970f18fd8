import Engine
import OpenCL
package import OpenCLBackend

/// What a device did, on one clock: kernels, and copies of experts beside them.
package struct DeviceTimeline: Sendable, Equatable {
  /// What works for itself: each a row of its own.
  package enum Row: Int, Sendable, CaseIterable {
    case kernels, copies

    package var title: String {
      switch self {
      case .kernels: "kernels (compute queue)"
      case .copies: "copies of experts (transfer queue)"
      }
    }
  }

  /// One kernel or copy.
  package struct Slice: Sendable, Equatable {
    package var row: Row
    package var name: String
    /// Seconds from the timeline's beginning, and how many.
    package var start: Double
    package var seconds: Double
    package var layer: Int?
    /// The layers that a prompt passes in this iteration.
    package var group: Range<Int>?
    /// That were moved; 0 for kernels.
    package var byteCount: Int

    package init(
      row: Row, name: String, start: Double, seconds: Double, layer: Int? = nil, group: Range<Int>? = nil,
      byteCount: Int = 0
    ) {
      self.row = row
      self.name = name
      self.start = start
      self.seconds = seconds
      self.layer = layer
      self.group = group
      self.byteCount = byteCount
    }
  }

  /// In the order of their starts.
  package var slices: [Slice]

  package init(slices: [Slice]) {
    self.slices = slices.sorted { ($0.start, $0.row.rawValue) < ($1.start, $1.row.rawValue) }
  }

  /// Brings both kinds of records on one clock: a launch's event says when it was queued by the device's clock, and the
  /// record when by the host's.
  package init(launches: [LaunchRecord], transfers: [TransferRecord]) {
    let beginnings = transfers.map(\.begin) + launches.compactMap(\.queued)
    guard let zero = beginnings.min() else {
      self.init(slices: [])
      return
    }
    let offset = Self.offset(launches, zero: zero)
    let kernels = launches.map { launch in
      Slice(
        row: .kernels, name: launch.kernel, start: max(0, Double(launch.times.started) * 1e-9 + offset),
        seconds: launch.seconds, layer: launch.place.layer, group: launch.place.group)
    }
    let copies = transfers.map { transfer in
      Slice(
        row: .copies, name: "expert \(transfer.expert)", start: (transfer.begin - zero).seconds,
        seconds: (transfer.end - transfer.begin).seconds, layer: transfer.layer, byteCount: transfer.byteCount)
    }
    self.init(slices: kernels + copies)
  }

  /// What is added to seconds of the device's clock to get seconds since `zero`: the smallest that is seen, since the host
  /// may be held up between queueing a launch and noting the time.
  private static func offset(_ launches: [LaunchRecord], zero: ContinuousClock.Instant) -> Double {
    launches.compactMap { launch in
      launch.queued.map { ($0 - zero).seconds - Double(launch.times.queued) * 1e-9 }
    }.min() ?? 0
  }

  /// Seconds to the end of the last slice.
  package var duration: Double { slices.map { $0.start + $0.seconds }.max() ?? 0 }

  /// The groups of layers that occur, in the order of their first layers.
  package var groups: [Range<Int>] {
    Set(slices.compactMap(\.group)).sorted { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
  }
}
