import Foundation
import OpenCL
import Testing

struct OpenCLErrorTests {
  static let headers = ["/usr/include/CL", "/usr/local/include/CL", "/opt/homebrew/include/CL"]
    .first { FileManager.default.fileExists(atPath: $0 + "/cl.h") }

  @Test(
    "every status code in the installed headers has its name",
    .enabled(if: headers != nil, "the OpenCL headers are not in a usual place"))
  func headerNames() throws {
    let folder = try #require(OpenCLErrorTests.headers)
    let core = try statusCodes(folder + "/cl.h")
    let extensions = try statusCodes(folder + "/cl_ext.h")
    #expect(core.count >= 61, "OpenCL 3.0 has 61 error codes: is the header still read?")
    for (name, code) in core + extensions {
      #expect(OpenCLError(code: code, call: "", context: "").symbol == name)
    }
  }

  /// `#define CL_NAME -n` lines; in cl.h only those before the first one that is not a status.
  private func statusCodes(_ path: String) throws -> [(String, Int32)] {
    let others: Set = [
      "CL_BUILD_NONE", "CL_BUILD_ERROR", "CL_BUILD_IN_PROGRESS", "CL_PARTITION_BY_NAMES_LIST_END_INTEL",
    ]
    return try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ", omittingEmptySubsequences: true)
      guard words.count >= 3, words[0] == "#define", words[1].hasPrefix("CL_"), let code = Int32(words[2]), code < 0,
        !others.contains(String(words[1]))
      else { return nil }
      return (String(words[1]), code)
    }
  }

  // Values from the OpenCL 3.0 specification and the cl_khr_icd extension.
  @Test(arguments: [
    (-1, "CL_DEVICE_NOT_FOUND"), (-5, "CL_OUT_OF_RESOURCES"), (-11, "CL_BUILD_PROGRAM_FAILURE"),
    (-52, "CL_INVALID_KERNEL_ARGS"), (-72, "CL_MAX_SIZE_RESTRICTION_EXCEEDED"), (-1001, "CL_PLATFORM_NOT_FOUND_KHR"),
    (-4711, "OpenCL error -4711"), (0, "OpenCL error 0"),
  ])
  func symbol(code: Int32, symbol: String) {
    #expect(OpenCLError(code: code, call: "clX", context: "y").symbol == symbol)
  }

  @Test("the description has the call, the code's name and what we were doing")
  func description() {
    let error = OpenCLError(code: -4, call: "clCreateBuffer", context: "buffer “weights” of 12 bytes")
    #expect(
      error.description == "clCreateBuffer: CL_MEM_OBJECT_ALLOCATION_FAILURE: buffer “weights” of 12 bytes")
  }

  @Test(arguments: [(-4, true), (-5, true), (-6, true), (-61, true), (-1, false), (-11, false), (-30, false)])
  func outOfMemory(code: Int32, expected: Bool) {
    #expect(OpenCLError(code: code, call: "", context: "").isOutOfMemory == expected)
  }
}
