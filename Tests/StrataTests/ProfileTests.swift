import Foundation
import OpenCL
import TestSupport
import Testing

/// `strata profile`: the built executable in a process of its own.
struct ProfileTests {
  private struct Ceilings: Decodable {
    struct Entry: Decodable {
      var name: String
      var unit: String
      var median: Double
      var best: Double
      var method: String
    }
    var device: String
    var ceilings: [Entry]
  }

  @Test(.needsOpenCL) func theCeilingsAreMeasured() async throws {
    let device = try #require(Strata.devices.first)
    let found = try await Strata.run("profile", "--ceilings", "--device", "\(device)", "--json").expectSuccess().json(
      Ceilings.self)
    #expect(try found.device == Device.all()[device].name)
    let names = found.ceilings.map(\.name)
    for name in [
      "memoryRead", "memoryWrite", "memoryCopy", "bufferCopy", "writePageable", "readPageable", "writePinned",
      "readPinned", "writeMapped", "readMapped", "launchQueued", "launchBackToBack", "launchAndFinish", "multiplyF32",
      "multiplyBF16", "multiplyInt8",
    ] {
      #expect(names.contains(name), "\(name)")
    }
    for entry in found.ceilings {
      #expect(entry.median > 0 && entry.median.isFinite && !entry.method.isEmpty, "\(entry)")
      #expect(entry.unit == "seconds" ? entry.best <= entry.median : entry.best >= entry.median, "\(entry)")
    }
  }

  @Test func onlyDevicesHaveCeilings() async throws {
    try await Strata.run("profile", "--ceilings", "--device", "reference").expectFailure(
      "device reference is plain Swift and has nothing to measure; expected an OpenCL device")
    try await Strata.run("profile", "--ceilings", "--device", "4711").expectFailure("\"4711\" is none of the devices")
    try await Strata.run("profile").expectUsageError("--ceilings")
  }
}
