import Foundation
import FoundationXML
import Testing
import Validation

struct JUnitReportTests {
  private func report(_ family: String, _ problem: String? = nil) -> Validator.Report {
    Validator.Report(family: family, name: "rows=1 <&\">", error: 0, bound: 1, problem: problem)
  }

  private func document(_ runs: [JUnitReport.Run]) throws -> XMLDocument {
    try XMLDocument(data: Data(JUnitReport.xml(runs).utf8))
  }

  /// A suite for each op on each device, which says what the device is.
  @Test func devicesAndOpsAreSuites() throws {
    let runs = ["one", "two"].map { device in
      JUnitReport.Run(
        device: device, properties: [("driver", "<\(device)>")],
        cases: [(report("Norm"), 1), (report("Linear", "off"), 2), (report("Norm"), 3)])
    }
    let xml = try document(runs)
    let names = try xml.nodes(forXPath: "//testsuite/@name").map(\.stringValue)
    #expect(names == ["Norm on one", "Linear on one", "Norm on two", "Linear on two"])
    #expect(try xml.nodes(forXPath: "/testsuites[@tests='6'][@failures='2'][@skipped='0']").count == 1)
    #expect(try xml.nodes(forXPath: "//testsuite[@name='Norm on two'][@tests='2'][@failures='0']").count == 1)
    let drivers = try xml.nodes(forXPath: "//property[@name='driver']/@value").map(\.stringValue)
    #expect(drivers == ["<one>", "<one>", "<two>", "<two>"])
    #expect(try xml.nodes(forXPath: "//testcase/@name").allSatisfy { $0.stringValue == "rows=1 <&\">" })
  }

  /// What a compiler writes may have colours and other control characters, which no XML may hold.
  @Test func logsAreWhole() throws {
    let log = "clBuildProgram: “x”:\nfirst\u{1B}[31m line\u{0}\u{8}\nan error: <here>\u{FFFF}"
    let xml = try document([JUnitReport.Run(device: "d", properties: [], cases: [(report("Norm", log), 0)])])
    let failure = try #require(try xml.nodes(forXPath: "//failure").first)
    #expect(failure.stringValue == "clBuildProgram: “x”:\nfirst[31m line\nan error: <here>")
    let message = try xml.nodes(forXPath: "//failure/@message").first?.stringValue
    #expect(message == "clBuildProgram: “x”: an error: <here>")
  }

  @Test func whatWasNotRunIsSkipped() throws {
    let lost = Validator.Report.notRun("Norm", "rows=1", "it is gone")
    let xml = try document([JUnitReport.Run(device: "d", properties: [], cases: [(report("Norm"), 0), (lost, 0)])])
    #expect(try xml.nodes(forXPath: "//testsuite[@failures='0'][@skipped='1']/testcase/skipped").count == 1)
  }
}
