import Foundation
import OpenCL
import Testing

/// The devices that the tests run on: all that can compile. Where there are none, tests that need one are skipped.
enum TestDevice {
  static let all: [Device] = ((try? Device.all()) ?? []).filter { $0.isAvailable && $0.hasCompiler }
  static var exists: Bool { !all.isEmpty }

  static let options = "-cl-std=CL1.2"
}

extension Trait where Self == ConditionTrait {
  static var needsDevice: Self { .enabled(if: TestDevice.exists, "no OpenCL device with a compiler is installed") }
}

extension Device: CustomTestStringConvertible {
  package var testDescription: String { "\(name) (\(platformName))" }
}

/// What an expression throws, for tests that look at its parts.
func thrown(_ body: () throws -> Void) throws -> OpenCLError {
  do {
    try body()
  } catch let error as OpenCLError {
    return error
  }
  throw NothingThrown()
}

struct NothingThrown: Error {}

extension Queue {
  func write<Element: BitwiseCopyable>(_ values: [Element], to view: BufferView) throws {
    try values.withUnsafeBytes { try write($0, to: view) }
  }

  func read<Element: BitwiseCopyable & ExpressibleByIntegerLiteral>(
    _ view: BufferView, count: Int, as type: Element.Type = Element.self
  ) throws -> [Element] {
    var values = [Element](repeating: 0, count: count)
    try values.withUnsafeMutableBytes { try read(view, into: $0) }
    return values
  }
}

/// A folder of its own for one test, removed afterwards.
struct TemporaryFolder: ~Copyable {
  let path = NSTemporaryDirectory() + "strata-opencl-tests-" + UUID().uuidString

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
