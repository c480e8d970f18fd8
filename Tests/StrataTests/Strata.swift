import Foundation
import OpenCL
import OpenCLBackend
import Testing

/// The command line as a user has it: the built executable, in a process of its own.
enum Strata {
  /// It is built beside the test bundle.
  static let executable: String = {
    let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }
    let folder = bundle?.bundleURL.deletingLastPathComponent() ?? Bundle.main.bundleURL
    return folder.appendingPathComponent("strata").path
  }()

  /// What the tests' own environment holds, without our variables; built kernels are shared by all tests.
  static let environment: [String: String] = {
    var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("STRATA_") }
    environment["STRATA_CACHE_DIR"] =
      FileManager.default.temporaryDirectory.appendingPathComponent(
        "strata-tests-\(getuid())"
      ).path
    return environment
  }()

  /// The devices that can run kernels, by their index in `strata devices`.
  static let devices = ((try? Device.all()) ?? []).enumerated().filter { DeviceReport($1).isUsable }.map(\.offset)
  /// Values of `--device` that a test of results runs on.
  static let targets = ["reference"] + devices.map(String.init)
}

extension Trait where Self == ConditionTrait {
  static var needsOpenCL: Self { .enabled(if: !Strata.devices.isEmpty, "needs an OpenCL device") }
}

/// How a run of the executable ended, and what it wrote.
struct Outcome {
  /// The exit status; nil if a signal ended the process.
  var status: Int32?
  var signal: Int32?
  /// Standard output as it came, read by read.
  var pieces: [Data]
  var errors: String

  var data: Data { Data(pieces.joined()) }
  var output: String { String(decoding: data, as: UTF8.self) }

  /// Standard error without the lines by which a slow machine says how far it is.
  var messages: String {
    errors.split(separator: "\n", omittingEmptySubsequences: false).filter {
      !$0.hasPrefix("building ") && !$0.hasPrefix("loading ")
    }.joined(separator: "\n")
  }

  /// A failure as the command line promises it: status 1, nothing on stdout, and one line on stderr, but for progress.
  var isCleanFailure: Bool {
    let lines = messages.split(separator: "\n", omittingEmptySubsequences: false)
    return status == 1 && data.isEmpty && lines.count == 2 && lines[0].hasPrefix("strata: error: ") && lines[1].isEmpty
  }

  /// Expects such a failure, with each of `parts` in its line.
  func expectFailure(_ parts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(isCleanFailure, "\(self)", sourceLocation: sourceLocation)
    for part in parts { #expect(errors.contains(part), sourceLocation: sourceLocation) }
  }

  /// Wrong usage: status 64, nothing on stdout, and on stderr what is wrong, with each of `parts`, and the usage.
  func expectUsageError(_ parts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(status == 64 && signal == nil, "\(self)", sourceLocation: sourceLocation)
    #expect(data.isEmpty, "\(self)", sourceLocation: sourceLocation)
    #expect(errors.hasPrefix("Error: ") && errors.contains("\nUsage: strata"), sourceLocation: sourceLocation)
    let problem = errors.prefix { !$0.isNewline }
    for part in parts { #expect(problem.contains(part), sourceLocation: sourceLocation) }
  }

  /// - Returns: this, to go on with.
  @discardableResult
  func expectSuccess(sourceLocation: SourceLocation = #_sourceLocation) -> Outcome {
    #expect(status == 0 && signal == nil, "\(self)", sourceLocation: sourceLocation)
    return self
  }

  /// Standard output as one JSON value.
  func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: data)
  }
}

extension Outcome: CustomStringConvertible {
  var description: String {
    let end = signal.map { "signal \($0)" } ?? "status \(status ?? -1)"
    return "\(end); stdout: \(output.debugDescription); stderr: \(errors.debugDescription)"
  }
}
