package import Foundation

/// Timelines in the Chrome trace format, for ui.perfetto.dev or chrome://tracing.
///
/// A process for each timeline. Its rows: the layer groups that prompts pass, the compute queue's kernels, the copies of
/// experts. Kernels have their group's colour.
package enum ChromeTrace {
  /// One event of the format; `ts` and `dur` are in microseconds.
  private struct Event: Encodable {
    var name: String
    var cat: String?
    var ph: String
    var pid: Int
    var tid: Int
    var ts: Double?
    var dur: Double?
    var cname: String?
    var args: Arguments?
  }

  private struct Arguments: Encodable {
    var name: String?
    var layer: Int?
    var layers: String?
    var bytes: Int?
  }

  private struct File: Encodable {
    var traceEvents: [Event]
    var displayTimeUnit = "ms"
  }

  /// Colours that the format has names for; a group takes the next one.
  private static let colours = [
    "thread_state_running", "thread_state_iowait", "good", "bad", "rail_animation", "rail_load", "startup", "olive",
  ]

  /// - Parameter timelines: what each process is called, and what its device did.
  package static func encode(_ timelines: [(name: String, timeline: DeviceTimeline)]) throws -> Data {
    var events: [Event] = []
    for (pid, entry) in timelines.enumerated() {
      func name(_ kind: String, _ tid: Int, _ text: String) {
        events.append(Event(name: kind, ph: "M", pid: pid, tid: tid, args: Arguments(name: text)))
      }
      name("process_name", 0, entry.name)
      name("thread_name", 0, "layer groups")
      for row in DeviceTimeline.Row.allCases { name("thread_name", row.rawValue + 1, row.title) }
      let groups = entry.timeline.groups
      func colour(_ group: Range<Int>?) -> String? {
        group.flatMap(groups.firstIndex).map { colours[$0 % colours.count] }
      }
      for span in entry.timeline.groupSpans {
        events.append(
          Event(
            name: text(span.group), cat: "layers", ph: "X", pid: pid, tid: 0, ts: span.start * 1e6,
            dur: span.seconds * 1e6, cname: colour(span.group)))
      }
      for slice in entry.timeline.slices {
        events.append(
          Event(
            name: slice.name, cat: slice.row == .kernels ? "kernel" : "copy", ph: "X", pid: pid,
            tid: slice.row.rawValue + 1, ts: slice.start * 1e6, dur: slice.seconds * 1e6, cname: colour(slice.group),
            args: Arguments(
              layer: slice.layer, layers: slice.group.map(text),
              bytes: slice.byteCount > 0 ? slice.byteCount : nil)))
      }
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    return try encoder.encode(File(traceEvents: events))
  }

  private static func text(_ group: Range<Int>) -> String { "layers \(group.lowerBound) to \(group.upperBound - 1)" }
}
