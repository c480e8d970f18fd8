/// Cases as JUnit XML, which continuous integration shows: a suite for each op family on each device.
package enum JUnitReport {
  /// What came of the cases on one device.
  package struct Run: Sendable {
    package var device: String
    /// What a suite says besides, such as the driver.
    package var properties: [(name: String, value: String)]
    /// With the seconds that each took.
    package var cases: [(report: Validator.Report, seconds: Double)]

    package init(
      device: String, properties: [(name: String, value: String)], cases: [(report: Validator.Report, seconds: Double)]
    ) {
      self.device = device
      self.properties = properties
      self.cases = cases
    }
  }

  package static func xml(_ runs: [Run]) -> String {
    var lines = ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>"]
    let names = runs.map(\.device).joined(separator: ", ")
    lines.append("<testsuites name=\"\(escaped(names))\" \(counts(runs.flatMap { $0.cases.map(\.report) }))>")
    for run in runs { lines += suites(run) }
    return (lines + ["</testsuites>", ""]).joined(separator: "\n")
  }

  private static func suites(_ run: Run) -> [String] {
    var families: [String] = []
    for entry in run.cases where !families.contains(entry.report.family) { families.append(entry.report.family) }
    return families.flatMap { family -> [String] in
      let own = run.cases.filter { $0.report.family == family }
      let name = escaped("\(family) on \(run.device)")
      return ["  <testsuite name=\"\(name)\" \(counts(own.map(\.report)))>", "    <properties>"]
        + run.properties.map {
          "      <property name=\"\(escaped($0.name))\" value=\"\(escaped($0.value))\"/>"
        }
        + ["    </properties>"] + own.flatMap { testCase($0.report, $0.seconds) } + ["  </testsuite>"]
    }
  }

  private static func counts(_ reports: [Validator.Report]) -> String {
    let failures = reports.count { $0.problem != nil && !$0.isNotRun }
    return "tests=\"\(reports.count)\" failures=\"\(failures)\" skipped=\"\(reports.count(where: \.isNotRun))\""
  }

  private static func testCase(_ report: Validator.Report, _ seconds: Double) -> [String] {
    let open = "    <testcase classname=\"\(report.family)\" name=\"\(escaped(report.name))\" time=\"\(seconds)\""
    guard let problem = report.problem else { return [open + "/>"] }
    let message = escaped(report.summary)
    let element =
      report.isNotRun
      ? "<skipped message=\"\(message)\"/>" : "<failure message=\"\(message)\">\(escaped(problem))</failure>"
    return [open + ">", "      \(element)", "    </testcase>"]
  }

  /// XML 1.0, sections 2.2 and 2.4: most control characters cannot be in a document at all, and are left out.
  private static func escaped(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for character in text.unicodeScalars {
      switch character {
      case "&": result += "&amp;".unicodeScalars
      case "<": result += "&lt;".unicodeScalars
      case ">": result += "&gt;".unicodeScalars
      case "\"": result += "&quot;".unicodeScalars
      case "\t", "\n": result.append(character)
      case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{FFFE}", "\u{FFFF}": break
      default: result.append(character)
      }
    }
    return String(result)
  }
}

extension Validator.Report {
  /// The problem on one line: of a compiler's log the first error that it has.
  package var summary: String {
    let lines = (problem ?? "").split(whereSeparator: \.isNewline).map { line in
      String(String.UnicodeScalarView(line.unicodeScalars.filter { !(0..<32).contains($0.value) && $0.value != 127 }))
    }
    guard let first = lines.first else { return "" }
    let error = lines.dropFirst().first { $0.lowercased().contains("error") }
    return [first, error].compactMap(\.self).joined(separator: " ")
  }
}
