import Backend
import Foundation
import OpenCL
import OpenCLBackend
import Profiling
import TestSupport
import Testing

struct DeviceTimelineTests {
  private let start = ContinuousClock.now

  private func launch(
    _ kernel: String, queuedAt: Double, device: UInt64, layer: Int? = nil, group: Range<Int>? = nil
  ) -> LaunchRecord {
    LaunchRecord(
      kernel: kernel, place: LaunchPlace(layer: layer, group: group), queued: start + .seconds(queuedAt),
      times: EventTimes(queued: device, submitted: device, started: device + 1_000_000, ended: device + 3_000_000))
  }

  /// The device's clock is 5 s behind the host's record of queueing; kernels start 1 ms after it and take 2.
  @Test func bothClocksBecomeOne() throws {
    let timeline = DeviceTimeline(
      launches: [
        launch("gate_up", queuedAt: 1, device: 6_000_000_000, layer: 0, group: 0..<2),
        launch("down", queuedAt: 1.01, device: 6_010_000_000, layer: 0, group: 0..<2),
      ],
      transfers: [
        TransferRecord(
          layer: 1, expert: 3, phase: .prefill, byteCount: 77, begin: start + .seconds(0.5), end: start + .seconds(0.75)
        )
      ])
    #expect(timeline.slices.map(\.name) == ["expert 3", "gate_up", "down"])
    let expected = [(0.0, 0.25), (0.501, 0.002), (0.511, 0.002)]
    for (slice, (begin, length)) in zip(timeline.slices, expected) {
      #expect(abs(slice.start - begin) < 1e-6 && abs(slice.seconds - length) < 1e-6, "\(slice)")
    }
    #expect(timeline.slices[0].byteCount == 77 && timeline.slices[0].row == .copies)
    #expect(abs(timeline.duration - 0.513) < 1e-6)
  }

  private func slice(_ start: Double, layer: Int?, group: Range<Int>?) -> DeviceTimeline.Slice {
    .init(row: .kernels, name: "linear", start: start, seconds: 0.5, layer: layer, group: group)
  }

  @Test func aGroupThatBeginsAnewIsAnotherSpan() {
    let timeline = DeviceTimeline(slices: [
      slice(0, layer: 0, group: 0..<2), slice(1, layer: 1, group: 0..<2), slice(2, layer: nil, group: nil),
      slice(3, layer: 0, group: 0..<2), slice(4, layer: 2, group: 2..<4),
    ])
    let spans = timeline.groupSpans
    #expect(spans.map(\.group) == [0..<2, 0..<2, 2..<4])
    #expect(spans.map(\.start) == [0, 3, 4])
    #expect(spans.map(\.seconds) == [1.5, 0.5, 0.5])
    #expect(timeline.groups == [0..<2, 2..<4])
  }

  /// What the format asks for: a list of events; each has a phase, process and row, complete events a time and a length in
  /// microseconds that are not negative, and colours are names that the format has.
  @Test func theTraceIsOfTheFormat() throws {
    let timeline = DeviceTimeline(
      slices: [slice(0, layer: 0, group: 0..<2), slice(1, layer: 2, group: 2..<4)]
        + [.init(row: .copies, name: "expert 5", start: 0.25, seconds: 0.5, layer: 3, byteCount: 9)])
    let data = try ChromeTrace.encode([("layered", timeline), ("empty", DeviceTimeline(slices: []))])
    let file = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(file["displayTimeUnit"] as? String == "ms")
    let events = try #require(file["traceEvents"] as? [[String: Any]])
    let colours: Set = [
      "thread_state_running", "thread_state_iowait", "good", "bad", "rail_animation", "rail_load", "startup", "olive",
    ]
    for event in events {
      #expect(event["name"] is String && event["pid"] is Int && event["tid"] is Int)
      switch event["ph"] as? String {
      case "M":
        #expect(["process_name", "thread_name"].contains(event["name"] as? String ?? ""))
        #expect((event["args"] as? [String: Any])?["name"] is String)
      case "X":
        let (time, length) = (event["ts"] as? Double ?? -1, event["dur"] as? Double ?? -1)
        #expect(time >= 0 && length >= 0)
        if let colour = event["cname"] { #expect(colours.contains(colour as? String ?? "")) }
      default: Issue.record("phase \(event["ph"] ?? "none")")
      }
    }
    func rows(_ pid: Int) -> [String] {
      events.filter { $0["name"] as? String == "thread_name" && $0["pid"] as? Int == pid }
        .compactMap { ($0["args"] as? [String: Any])?["name"] as? String }
    }
    #expect(rows(0) == ["layer groups", "kernels (compute queue)", "copies of experts (transfer queue)"])
    #expect(rows(1).count == 3)
    let complete = events.filter { $0["ph"] as? String == "X" }
    #expect(
      complete.filter { $0["tid"] as? Int == 0 }.map { $0["name"] as? String } == ["layers 0 to 1", "layers 2 to 3"])
    let kernels = complete.filter { $0["tid"] as? Int == 1 }
    #expect(kernels.map { $0["ts"] as? Double } == [0, 1e6] && kernels.map { $0["dur"] as? Double } == [5e5, 5e5])
    #expect(Set(kernels.compactMap { $0["cname"] as? String }).count == 2, "a colour a group")
    let copy = try #require(complete.first { $0["tid"] as? Int == 2 })
    let arguments = copy["args"] as? [String: Any]
    #expect(arguments?["bytes"] as? Int == 9 && arguments?["layer"] as? Int == 3)
  }
}
