/// Cases as JUnit XML, which continuous integration shows: a suite for each op family.
package enum JUnitReport {
  /// - Parameters:
  ///   - name: of the device.
  ///   - reports: with the seconds that each took.
  package static func xml(name: String, _ reports: [(report: Validator.Report, seconds: Double)]) -> String {
    var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
    let failures = reports.count { $0.report.problem != nil }
    lines.append("<testsuites name=\"\(escaped(name))\" tests=\"\(reports.count)\" failures=\"\(failures)\">")
    var families: [String] = []
    for entry in reports where !families.contains(entry.report.family) { families.append(entry.report.family) }
    for family in families {
      let own = reports.filter { $0.report.family == family }
      let failed = own.count { $0.report.problem != nil }
      lines.append("  <testsuite name=\"\(family)\" tests=\"\(own.count)\" failures=\"\(failed)\">")
      for entry in own { lines += testCase(entry.report, entry.seconds) }
      lines.append("  </testsuite>")
    }
    return (lines + ["</testsuites>", ""]).joined(separator: "\n")
  }

  private static func testCase(_ report: Validator.Report, _ seconds: Double) -> [String] {
    let open = "    <testcase classname=\"\(report.family)\" name=\"\(escaped(report.name))\" time=\"\(seconds)\""
    guard let problem = report.problem else { return [open + "/>"] }
    return [open + ">", "      <failure message=\"\(escaped(problem))\"/>", "    </testcase>"]
  }

  /// XML 1.0, section 2.4.
  private static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }
}
