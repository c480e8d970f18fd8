import OpenCL
import Testing

@Suite(.needsDevice)
struct DeviceTests {
  @Test("devices are those of the platforms, in the platforms' order")
  func order() throws {
    var expected: [Device] = []
    for platform in try Platform.all() { expected += try platform.devices() }
    #expect(try Device.all() == expected)
    #expect(!expected.isEmpty)
  }

  // The bounds are the minimum values of the OpenCL 3.0 specification, table of device queries, full profile.
  @Test("what a device tells keeps the specification's minimum values", arguments: TestDevice.all)
  func properties(_ device: Device) {
    #expect(!device.name.isEmpty && !device.platformName.isEmpty && !device.driverVersion.isEmpty)
    #expect(device.version.hasPrefix("OpenCL "))
    #expect(device.platformVersion.hasPrefix("OpenCL "))
    #expect(device.languageVersion.hasPrefix("OpenCL C "))
    #expect(device.computeUnits >= 1)
    #expect(device.maxWorkGroupSize >= 1)
    #expect(device.maxWorkItemSizes.count >= 3)
    #expect(device.maxWorkItemSizes.allSatisfy { $0 >= 1 })
    #expect(device.localMemory >= 32 << 10)
    #expect(device.globalMemory > 0)
    #expect(device.maxAllocation >= min(device.globalMemory / 4, 1 << 30))
    #expect(device.preferredFloatWidth >= 1)
    // At least the size of a long16, and 1 << k.
    #expect(device.baseAddressAlignment >= 128)
    #expect(device.baseAddressAlignment.nonzeroBitCount == 1)
    #expect(!device.extensions.contains(""))
  }

  @Test("a device is equal to itself listed again, and to no other")
  func equality() throws {
    let first = try Device.all()
    let second = try Device.all()
    for (index, left) in first.enumerated() {
      for (other, right) in second.enumerated() { #expect((left == right) == (index == other)) }
    }
  }

  @Test("PoCL's device is a CPU that shares memory with the host", .enabled(if: pocl != nil, "PoCL is not installed"))
  func poclDevice() throws {
    let device = try #require(pocl)
    #expect(device.kind == .cpu)
    #expect(device.unifiedMemory)
    #expect(!device.localMemoryIsDedicated)
  }
}

private let pocl = TestDevice.all.first { $0.platformName == "Portable Computing Language" && $0.kind == .cpu }
