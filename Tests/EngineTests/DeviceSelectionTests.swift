import Engine
import JSON
import OpenCL
import Testing

/// How `--device` and `STRATA_DEVICE` name a device.
struct DeviceSelectionTests {
  private func find(
    _ wanted: String?, _ devices: [Device], variable: String? = nil
  ) throws(EngineError) -> DeviceSelection {
    do {
      return try DeviceSelection.find(
        wanted, environment: variable.map { ["STRATA_DEVICE": $0] } ?? [:], devices: devices)
    } catch let error as EngineError { throw error } catch { throw EngineError("not an EngineError: \(error)") }
  }

  private func refusal(_ wanted: String?, _ devices: [Device], variable: String? = nil) -> String? {
    #expect(throws: EngineError.self) { _ = try find(wanted, devices, variable: variable) }?.description
  }

  @Test func theReferenceNeedsNoDevice() throws {
    #expect(try find("reference", []) == .reference)
    #expect(try find(nil, [], variable: "reference") == .reference)
    #expect(DeviceSelection.reference.name == "reference")
  }

  @Test func withoutADeviceThereIsNone() {
    let none =
      "no OpenCL device was found: install a driver (for a CPU, Debian's pocl-opencl-icd) or use --device reference"
    #expect(refusal(nil, []) == none)
    #expect(refusal(nil, [], variable: "") == none)
    let problem = "is none of the devices; expected an index, part of one name, or reference: reference"
    for wanted in ["0", "pocl", "", "REFERENCE"] { #expect(refusal(wanted, []) == "device \"\(wanted)\" \(problem)") }
    #expect(refusal(nil, [], variable: "pocl") == "device \"pocl\" \(problem)")
  }

  @Test(.needsOpenCL) func anIndexOrPartOfANameChooses() throws {
    let device = TestTarget.devices[0]
    for wanted in ["0", device.name, device.name.uppercased(), String(device.name.dropFirst(2))] {
      #expect(try find(wanted, [device]) == .openCL(device))
      #expect(try find(nil, [device], variable: wanted) == .openCL(device))
    }
    #expect(try find("1", [device, device]) == .openCL(device))
    #expect(DeviceSelection.openCL(device).name == device.name)
  }

  @Test(.needsOpenCL) func anOptionBeatsTheVariableAndAnEmptyVariableIsNone() throws {
    let device = TestTarget.devices[0]
    #expect(try find("reference", [device], variable: "0") == .reference)
    #expect(try find("0", [device], variable: "reference") == .openCL(device))
    #expect(try find(nil, [device], variable: "") == .openCL(device))
    #expect(try find(nil, [device]) == .openCL(device))
  }

  @Test(.needsOpenCL) func unknownDevicesAreRefusedWithTheList() {
    let device = TestTarget.devices[0]
    let list = "0: \(device.name); 1: \(device.name); reference"
    // A number is an index, also if a name has it.
    for wanted in ["no such device", "2", "-1", "99999999999999999999", ""] {
      let expected =
        "device \"\(wanted)\" is none of the devices; expected an index, part of one name, or reference: \(list)"
      #expect(refusal(wanted, [device, device]) == expected)
      if !wanted.isEmpty { #expect(refusal(nil, [device, device], variable: wanted) == expected) }
    }
  }

  @Test(.needsOpenCL) func aNameOfSeveralDevicesIsRefused() {
    let device = TestTarget.devices[0]
    let found = refusal(device.name, [device, device])
    #expect(found?.hasPrefix("device \"\(device.name)\" names several devices; expected an index") == true)
  }
}
