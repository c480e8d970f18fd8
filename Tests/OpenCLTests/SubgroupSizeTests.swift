import OpenCL
import Testing

@Suite(.needsDevice, .serialized)
struct SubgroupSizeTests {
  private static let able = TestDevice.all.filter { !$0.subgroupSizes.isEmpty }

  private static func source(_ attributes: String) -> String {
    """
    __kernel \(attributes) void lanes(__global uint *size) { size[get_global_id(0)] = get_global_size(0); }
    """
  }

  /// What the compiler was told is what the kernel says.
  @Test(.enabled(if: !able.isEmpty, "needs a device with cl_intel_required_subgroup_size"), arguments: able)
  func requiredSizesAreTold(_ device: Device) throws {
    for size in device.subgroupSizes where size <= 64 {
      let attributes = "__attribute__((intel_reqd_sub_group_size(\(size)), reqd_work_group_size(64, 1, 1)))"
      let program = try Program(
        Context(device), source: Self.source(attributes), options: TestDevice.options, label: "lanes")
      #expect(try Kernel(program, name: "lanes").subgroupSize == size)
    }
  }

  /// A kernel for groups of any size has no size of its own.
  @Test(arguments: TestDevice.all) func withoutASizeOfGroupsThereIsNone(_ device: Device) throws {
    let program = try Program(Context(device), source: Self.source(""), options: TestDevice.options, label: "lanes")
    #expect(try Kernel(program, name: "lanes").subgroupSize == nil)
  }
}
