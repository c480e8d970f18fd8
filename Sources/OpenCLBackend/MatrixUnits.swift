import OpenCL

/// The matrix units ("tensor cores") that NVIDIA's drivers reach from OpenCL C by inline PTX.
enum MatrixUnits {
  /// What `mma.sync.m16n8k16` on bf16 needs (PTX ISA).
  static let capability = Device.ComputeCapability(major: 8, minor: 0)

  private static let probed = DeviceProbe { builds(on: $0) }

  /// Whether the device has them and its compiler takes the instruction; builds a kernel to see, once for a device.
  static func areUsable(on device: Device) -> Bool { probed.finding(on: device) }

  private static func builds(on device: Device) -> Bool {
    guard let found = device.computeCapability, found >= capability, device.maxWorkGroupSize >= largestGroup else {
      return false
    }
    guard let context = try? Context(device) else { return false }
    return (try? Program(context, source: probe, options: "-cl-std=CL1.2", label: "matrix units")) != nil
  }

  /// Work-items of the largest group of `Kernels/Common/mma.clh`.
  static let largestGroup = 512

  private static let probe = """
    __kernel void probe(__global float *x) {
      float s[4] = {x[0], x[1], x[2], x[3]};
      uint a;
      __asm__("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(a) : "f"(s[0]), "f"(s[1]));
      __asm__ volatile(
          "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
          : "+f"(s[0]), "+f"(s[1]), "+f"(s[2]), "+f"(s[3])
          : "r"(a), "r"(a), "r"(a), "r"(a), "r"(a), "r"(a));
      x[get_global_id(0)] = s[0] + s[1] + s[2] + s[3];
    }
    """
}
