import Foundation
import Simulation
import TestSupport
import Testing

struct HardwareProfileTests {
  @Test func everyNumberHasASource() throws {
    #expect(HardwareProfile.names == ["h100", "h100x2", "rtx3060"])
    for name in HardwareProfile.names {
      let profile = try HardwareProfile(named: name)
      let fields = try #require(JSONSerialization.jsonObject(with: JSONEncoder().encode(profile)) as? [String: Any])
      let numbers = Set(fields.keys).subtracting(["name", "sources"])
      #expect(Set(profile.sources.keys) == numbers, "\(name)")
    }
  }

  @Test func anUnknownNameIsRefused() {
    let error = #expect(throws: SimulationError.self) { try HardwareProfile(named: "h200") }
    #expect(
      error?.description == "profile \"h200\" is not known, expected one of h100, h100x2, rtx3060, or a JSON file")
  }

  @Test func aFileIsReadAndChecked() throws {
    let folder = try TemporaryFolder()
    var profile = try HardwareProfile(named: "h100")
    profile.name = "mine"
    func write(_ profile: HardwareProfile) throws -> String {
      try folder.write("mine.json", JSONEncoder().encode(profile))
    }
    #expect(try HardwareProfile(named: write(profile)) == profile)
    let wrong: [(String, WritableKeyPath<HardwareProfile, Double>, Double)] = [
      ("memoryBandwidth", \.memoryBandwidth, 0), ("matrixRate", \.matrixRate, -1),
      ("linkBandwidth", \.linkBandwidth, 0), ("layerOverhead", \.layerOverhead, -1e-6),
      ("energyPerByte", \.energyPerByte, -1),
    ]
    for (field, path, value) in wrong {
      var bad = profile
      bad[keyPath: path] = value
      let file = try write(bad)
      let error = #expect(throws: SimulationError.self) { try HardwareProfile(named: file) }
      #expect(error?.description.hasPrefix("\(file): field \(field): found \(value), expected") == true)
    }
    var negative = profile
    negative.sequenceOverheads = ["a": 1, "b": -1]
    let overheads = try write(negative)
    #expect(
      throws: SimulationError(
        "\(overheads): field sequenceOverheads.b: found -1.0, expected a number of at least 0")
    ) { try HardwareProfile(named: overheads) }
    profile.devices = 0
    let file = try write(profile)
    #expect(throws: SimulationError("\(file): field devices: found 0, expected 1 or more")) {
      try HardwareProfile(named: file)
    }
  }

  @Test(arguments: [
    ("{", "not valid JSON"), ("{}", "field name: it is missing"), (#"{"name": 3}"#, "field name: expected String"),
    ("[]", "the whole: expected"),
  ])
  func aBadFileNamesTheField(text: String, problem: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("p.json", text)
    let error = #expect(throws: SimulationError.self) { try HardwareProfile(named: path) }
    #expect(error?.description.hasPrefix("\(path): \(problem)") == true, "\(error?.description ?? "")")
  }
}
