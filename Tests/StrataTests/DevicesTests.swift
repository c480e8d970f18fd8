import Foundation
import OpenCL
import OpenCLBackend
import TestSupport
import Testing

/// `strata devices`, and how `--device` and `STRATA_DEVICE` choose one.
struct DevicesTests {
  private let model = Fixtures.path("tiny-moe")

  /// An environment in which the OpenCL loader finds no driver.
  private let noDriver: [String: String]
  private let empty: TemporaryFolder

  /// An environment in which PoCL, if it is the driver, has two devices.
  private static let twoDevices = ["POCL_DEVICES": "pthread basic"]

  init() throws {
    empty = try TemporaryFolder()
    noDriver = ["OCL_ICD_VENDORS": empty.path, "OCL_ICD_FILENAMES": ""]
  }

  /// The device that `strata run` with these arguments used.
  private func device(_ arguments: String..., environment: [String: String] = [:]) async throws -> String {
    let outcome = try await run(arguments, environment)
    return try outcome.expectSuccess().json(RunJSON.self).device
  }

  private func run(_ arguments: [String], _ environment: [String: String] = [:]) async throws -> Outcome {
    try await Strata.run(
      ["run", "--model", model, "--prompt", "<|endoftext|>", "--max-tokens", "1", "--json"] + arguments,
      environment: environment)
  }

  private static func list(_ environment: [String: String] = [:]) async throws -> [DevicesJSON.Device] {
    let outcome = try await Strata.run("devices", "--json", environment: environment)
    return try outcome.expectSuccess().json(DevicesJSON.self).devices
  }

  @Test func allDevicesAreListed() async throws {
    let devices = try Device.all()
    let found = try await Self.list()
    #expect(found.map(\.index) == Array(devices.indices))
    #expect(found.map(\.name) == devices.map(\.name))
    #expect(found.map(\.kind) == devices.map(\.kind.rawValue))
    #expect(found.map(\.usable) == devices.map { DeviceReport($0).isUsable })
    // PoCL's follow what is free when a process begins.
    for (found, device) in zip(found, devices) where device.kind != .cpu {
      #expect(found.maxAllocationBytes == device.maxAllocation)
    }
    #expect(found.allSatisfy { 0 < $0.maxAllocationBytes && $0.maxAllocationBytes <= $0.globalMemoryBytes })
    let lines = try await Strata.run("devices").expectSuccess().output.split(separator: "\n")
    for (index, device) in devices.enumerated() { #expect(lines.contains { $0.hasPrefix("\(index): \(device.name)") }) }
    #expect(lines.last?.hasPrefix("reference: ") == true)
  }

  @Test func withoutADriverThereIsTheReference() async throws {
    #expect(try await Self.list(noDriver).isEmpty)
    let text = try await Strata.run("devices", environment: noDriver).expectSuccess().output
    #expect(text.hasPrefix("no OpenCL device was found: install a driver"))
    #expect(text.contains("\nreference: "))
    #expect(try await device("--device", "reference", environment: noDriver) == "reference")
    try await run([], noDriver).expectFailure("no OpenCL device was found", "--device reference")
    try await run(["--device", "0"], noDriver).expectFailure("device \"0\"", "reference")
    try await Strata.run("validate", environment: noDriver).expectFailure("no OpenCL device was found")
  }

  @Test(.needsOpenCL) func anIndexOrPartOfANameChooses() async throws {
    let devices = try await Self.list()
    for device in devices where device.usable {
      #expect(try await self.device("--device", "\(device.index)") == device.name)
      // Another case, and the part that no other device has, if there is one.
      let part = String(device.name.dropFirst().dropLast())
      if devices.count(where: { $0.name.localizedCaseInsensitiveContains(part) }) == 1 {
        #expect(try await self.device("--device", part.uppercased()) == device.name)
        #expect(try await self.device("--device", part.lowercased()) == device.name)
      }
    }
  }

  @Test(.needsOpenCL) func withoutAChoiceItIsTheFirstGPUElseTheFirst() async throws {
    let devices = try await Self.list()
    let expected = devices.first { $0.kind == "gpu" } ?? devices[0]
    #expect(try await device() == expected.name)
    #expect(try await device(environment: ["STRATA_DEVICE": ""]) == expected.name)
  }

  @Test func theEnvironmentChoosesUnlessAnOptionDoes() async throws {
    #expect(try await device(environment: ["STRATA_DEVICE": "reference"]) == "reference")
    #expect(try await device("--device", "reference", environment: ["STRATA_DEVICE": "no such device"]) == "reference")
    let outcome = try await run([], ["STRATA_DEVICE": "no such device"])
    outcome.expectFailure("device \"no such device\" is none of the devices")
    if let index = Strata.devices.first {
      let name = try await Self.list()[index].name
      #expect(try await device("--device", "\(index)", environment: ["STRATA_DEVICE": "reference"]) == name)
    }
  }

  @Test(arguments: ["no such device", "4711", "-1", "", "Reference", "a\nb\u{1}"])
  func unknownDevicesAreRefused(name: String) async throws {
    let outcome = try await run(["--device", name])
    outcome.expectFailure("is none of the devices; expected an index, part of one name, or reference: ", "reference\n")
    for device in try await Self.list() { #expect(outcome.errors.contains("\(device.index): \(device.name)")) }
    #expect(!outcome.errors.contains("\u{1}"))
  }

  @Test(
    .enabled("needs PoCL") {
      guard !Strata.devices.isEmpty else { return false }
      let names = try await list(twoDevices).map(\.name)
      return names.contains { $0.hasPrefix("basic-") } && names.contains { $0.hasPrefix("pthread-") }
    })
  func aNameOfSeveralDevicesIsRefused() async throws {
    let names = try await Self.list(Self.twoDevices).map(\.name)
    let outcome = try await run(["--device", "-"], Self.twoDevices)
    outcome.expectFailure("device \"-\" names several devices")
    for name in names { #expect(outcome.errors.contains(name)) }
    let basic = try await device("--device", "Basic", environment: Self.twoDevices)
    #expect(basic.hasPrefix("basic-"))
  }
}
