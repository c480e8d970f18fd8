import Scheduling
import Testing

struct TraceTests {
  @Test func readsTheColumnsByTheirNames() throws {
    let trace = try Trace(csv: "id, output_tokens ,prompt_tokens\r\n7,3,10\r\n8, 1 ,2\r\n", source: "t.csv")
    #expect(
      trace.entries == [.init(promptTokens: 10, outputTokens: 3), .init(promptTokens: 2, outputTokens: 1)])
  }

  @Test func aByteOrderMarkIsNoPartOfAName() throws {
    let trace = try Trace(csv: "\u{FEFF}prompt_tokens,output_tokens\n4,5\n", source: "t.csv")
    #expect(trace.entries == [.init(promptTokens: 4, outputTokens: 5)])
  }

  /// A line that is no request is named by its number in the file, the header being line 1.
  @Test(arguments: [
    ("1,2\n\n3,4\n", "line 3: found an empty line"), ("1,2\n3\n", "line 3: found \"3\""),
    ("x,2\n", "line 2: found \"x,2\""), ("0,2\n", "line 2: found \"0,2\""), ("2,-1\n", "line 2: found \"2,-1\""),
    ("1,2,3\n", "line 2: found \"1,2,3\""), ("1,2\n1.5,2\n", "line 3: found \"1.5,2\""),
    ("99999999999999999999,1\n", "line 2"),
  ])
  func namesTheLineThatIsWrong(lines: String, problem: String) {
    let error = #expect(throws: SchedulingError.self) {
      try Trace(csv: "prompt_tokens,output_tokens\n" + lines, source: "t.csv")
    }
    #expect(error?.description.hasPrefix("t.csv: \(problem)") == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    ("", "t.csv: the trace is empty"), ("\n", "t.csv: line 1: there is no column prompt_tokens"),
    ("prompt_tokens,output_tokens\n", "t.csv: the trace has no request behind its first line"),
    ("prompt,output_tokens\n1,2\n", "t.csv: line 1: there is no column prompt_tokens"),
    ("prompt_tokens\n1\n", "t.csv: line 1: there is no column output_tokens"),
  ])
  func aTraceNeedsColumnsAndRequests(text: String, problem: String) {
    let error = #expect(throws: SchedulingError.self) { try Trace(csv: text, source: "t.csv") }
    #expect(error?.description.hasPrefix(problem) == true, "\(error?.description ?? "")")
  }
}
