import Backend
import Validation

/// What came of the cases on a device.
struct ValidationOutcome: Encodable {
  struct Entry: Encodable {
    var report: Validator.Report
    /// Of the case's weights, by name.
    var formats: [String]
    var seconds: Double

    private enum Key: String, CodingKey {
      case op, name, formats, nmse, ok, problem, seconds
      case nmseBound = "nmse_bound", rowError = "row_error", valueError = "value_error", maxError = "max_error"
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: Key.self)
      try container.encode(report.family, forKey: .op)
      try container.encode(report.name, forKey: .name)
      try container.encode(formats, forKey: .formats)
      // JSON has no infinity.
      try container.encode(report.nmse.isFinite ? report.nmse : nil, forKey: .nmse)
      try container.encode(report.nmseBound, forKey: .nmseBound)
      try container.encodeIfPresent(report.rowError.flatMap { $0.isFinite ? $0 : nil }, forKey: .rowError)
      try container.encodeIfPresent(report.valueError.flatMap { $0.isFinite ? $0 : nil }, forKey: .valueError)
      try container.encode(report.maxError.isFinite ? report.maxError : nil, forKey: .maxError)
      try container.encode(report.problem == nil, forKey: .ok)
      try container.encodeIfPresent(report.problem, forKey: .problem)
      try container.encode(seconds, forKey: .seconds)
    }
  }

  var device: String
  var platform: String
  var driver: String
  var kernels: String
  /// Products are cut as `strata tune` found best, or whoever tuned the device.
  var tuned: Bool
  /// In words, where they are used.
  var subgroups: String?
  var entries: [Entry] = []

  var kernelsInWords: String { kernels + (subgroups.map { ", \($0)" } ?? "") + (tuned ? ", tuned" : "") }

  var failed: Int { entries.count { $0.report.problem != nil } }

  /// For continuous integration.
  var junit: JUnitReport.Run {
    JUnitReport.Run(
      device: device,
      properties: [
        ("device", device), ("driver", driver), ("platform", platform), ("kernels", kernels),
        ("subgroups", subgroups ?? "none"), ("tuned", "\(tuned)"),
      ],
      cases: entries.map { ($0.report, $0.seconds) })
  }
}
