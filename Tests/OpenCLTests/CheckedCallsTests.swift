import Foundation
import Testing

/// Reads the module's sources: the compiler does not warn about a status that is dropped.
struct CheckedCallsTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/OpenCL").standardizedFileURL

  @Test("every call of the C API has its status checked, except for releases")
  func calls() throws {
    let files = try FileManager.default.contentsOfDirectory(at: Self.folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "swift" }
    var found = 0
    for file in files {
      for call in OpenCLCall.all(in: try String(contentsOf: file, encoding: .utf8)) {
        found += 1
        #expect(call.isChecked, "\(file.lastPathComponent): \(call.name) is not inside check(…)")
      }
    }
    #expect(found >= 30, "the scanner has to find the calls")
  }

  @Test(
    "the scanner tells checked calls from others",
    arguments: [
      ("try check(clFlush(q), \"clFlush\", x)", true), ("clFlush(q)", false), ("_ = clFlush(q)", false),
      ("let status = clFlush(q)\ntry check(\n  status, x)", true), ("let status = clFlush(q)\nreturn status", false),
      ("let status = p.with {\n  clFlush(q)\n}\nif status == 3 { return }\ntry check(status, x)", true),
      ("let status = a()\nclFlush(q)\ntry check(status, x)", false),
      ("let status = clFlush(q)\nlet status = clFinish(q)\ntry check(status, x)", false),
      ("release: { clReleaseEvent($0) }", true), ("clReleaseEvent(e)", false),
      ("created(\"x\", y, { clCreateKernel(a, b, $0) })", true), ("check(clFlush(q)); clFinish(q)", false),
      ("let x = \"a)\" // clFlush(\ncheck(\")\", clFlush(q))", true),
    ])
  func scanner(text: String, isChecked: Bool) {
    let calls = OpenCLCall.all(in: text)
    #expect(!calls.isEmpty)
    #expect(calls.allSatisfy(\.isChecked) == isChecked)
  }
}

/// A call `cl<Name>(` in a source text.
///
/// It is checked inside the parentheses of a function that checks, in a `let status = …` that a following
/// `check(status` takes, or as a release in a `release:` closure.
private struct OpenCLCall {
  var name: String
  var isChecked: Bool

  private static let checking: Set = ["check", "created", "infoBytes"]
  private static let withoutStatus: Set = ["clSVMFree", "clGetExtensionFunctionAddressForPlatform"]

  static func all(in text: String) -> [OpenCLCall] {
    let code = text.replacing(#/"(\\.|[^"\\\n])*"/#, with: "\"\"").replacing(#/\/\/[^\n]*/#, with: "")
    var calls: [OpenCLCall] = []
    var openers: [String] = []
    var word = ""
    // Depth of brackets at which a `let status = ` stands, while inside it; and its calls until they are checked.
    var statusDepth: Int?
    var pending: [Int] = []
    for index in code.indices {
      let character = code[index]
      let rest = code[index...]
      if rest.hasPrefix("let status = ") {
        statusDepth = openers.count
        pending = []
      }
      if rest.prefixMatch(of: #/check\(\s*status\b/#) != nil {
        for call in pending { calls[call].isChecked = true }
        pending = []
      }
      switch character {
      case "(":
        if word.prefixMatch(of: #/cl[A-Z]/#) != nil {
          let isRelease = word.hasPrefix("clRelease") && openers.last == "release" || withoutStatus.contains(word)
          if statusDepth != nil { pending.append(calls.count) }
          calls.append(OpenCLCall(name: word, isChecked: isRelease || !checking.isDisjoint(with: openers)))
        }
        openers.append(word)
      case "{": openers.append(code[..<index].hasSuffix("release: ") ? "release" : "")
      case ")", "}": openers = openers.dropLast()
      case "\n", ";": if statusDepth == openers.count { statusDepth = nil }
      default: break
      }
      word = character.isLetter || character.isNumber ? word + String(character) : ""
    }
    return calls
  }
}
