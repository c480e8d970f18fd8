import OpenCL
import OpenCLBackend

/// One way to multiply, of those in `Kernels/Ceilings/multiply`: a row of a table.
struct MultiplyVariant: Equatable {
  var ceiling: Ceiling.Name
  /// The instruction, or what stands in for it, for the report.
  var name: String
  /// The macro MULTIPLY.
  var index: Int
  /// Operations of a work-item in a step of one sum; a multiply-add is two.
  var operations: Int
  /// Work-items of a group.
  var group = 1
  /// What a device must have before the kernel may be built for it; a compiler may refuse it still.
  var requirement = Requirement.none

  enum Requirement: Equatable {
    case none
    /// A flag of the CPU that this process runs on, and vectors of 16 lanes.
    case cpuFlag(String)
    /// A compiler that takes PTX.
    case ptx
  }

  /// Sums of a work-item, by the kernels' macro CHAINS.
  static func chains(_ style: KernelStyle) -> Int { style == .cpu ? 12 : 8 }

  static func all(_ plan: DevicePlan) -> [MultiplyVariant] {
    switch plan.style {
    case .cpu:
      [
        .init(ceiling: .multiplyF32, name: "fma", index: 0, operations: 2 * plan.lanes),
        .init(ceiling: .multiplyBF16, name: "widened, fma", index: 1, operations: 4 * plan.lanes),
        .init(
          ceiling: .multiplyBF16, name: "vdpbf16ps", index: 2, operations: 4 * 16, requirement: .cpuFlag("avx512_bf16")),
        .init(ceiling: .multiplyInt8, name: "widened, integer multiply-add", index: 3, operations: 8 * plan.lanes),
        .init(
          ceiling: .multiplyInt8, name: "vpdpbusd", index: 4, operations: 8 * 16, requirement: .cpuFlag("avx512_vnni")),
      ]
    case .gpu, .mma:
      [
        .init(ceiling: .multiplyF32, name: "fma", index: 0, operations: 2, group: 256),
        .init(ceiling: .multiplyBF16, name: "widened, fma", index: 1, operations: 4, group: 256),
        .init(
          ceiling: .multiplyBF16, name: "mma.sync m16n8k16", index: 2, operations: 128, group: 128, requirement: .ptx),
        .init(ceiling: .multiplyInt8, name: "widened, integer multiply-add", index: 3, operations: 8, group: 256),
        .init(ceiling: .multiplyInt8, name: "dp4a", index: 4, operations: 8, group: 256, requirement: .ptx),
        .init(
          ceiling: .multiplyInt8, name: "mma.sync m16n8k32", index: 5, operations: 256, group: 128, requirement: .ptx),
      ]
    }
  }

  /// Whether the kernel may be built for the device at all: assembly for a CPU without the instruction would build, and
  /// then kill the process.
  func isAllowed(_ device: Device, _ plan: DevicePlan, cpuFlags: Set<String> = CPUFlags.all) -> Bool {
    switch requirement {
    case .none: true
    case .cpuFlag(let flag): device.kind == .cpu && plan.lanes == 16 && cpuFlags.contains(flag)
    case .ptx: device.extensions.contains("cl_nv_device_attribute_query")
    }
  }
}
