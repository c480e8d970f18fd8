import Foundation
import OpenCL

/// The dot products of bytes (AVX-512 VNNI) that a CPU's OpenCL runtime reaches by inline assembly, if it takes that.
enum ByteDots {
  private static let probed = DeviceProbe { device in
    device.kind == .cpu && hasInstruction && (try? computes(on: device)) ?? false
  }

  /// Whether this machine's CPU is the device, has them, and its compiler takes the instruction; builds a kernel and runs it
  /// to see, once for a device.
  static func areUsable(on device: Device) -> Bool { probed.isThere(on: device) }

  /// What the kernel tells of the CPU; nothing but x86 has the flag.
  private static let hasInstruction: Bool = {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8),
      let flags = text.split(separator: "\n").first(where: { $0.hasPrefix("flags") })
    else { return false }
    let words = Set(flags.split(separator: " "))
    return ["avx512f", "avx512bw", "avx512_vnni"].allSatisfy { words.contains(Substring($0)) }
  }()

  private static func computes(on device: Device) throws -> Bool {
    let context = try Context(device)
    let program = try ProgramCache().program(context, source: probe, options: "-cl-std=CL1.2", label: "dots of bytes")
    var kernel = try Kernel(program, name: "probe")
    let queue = try Queue(context)
    let weights = (0..<64).map { UInt8($0 * 4) }
    let sums = try Buffer(context, byteCount: weights.count, label: "dots of bytes")
    try weights.withUnsafeBytes { try queue.write($0, to: sums.view, at: 0) }
    try queue.launch(&kernel, global: Extent(1), local: Extent(1), sums.view)
    var found = [Int32](repeating: 0, count: 16)
    try found.withUnsafeMutableBytes { try queue.read(sums.view, at: 0, into: $0) }
    return found
      == (0..<16).map { lane in
        (0..<4).reduce(Int32(0)) { $0 + Int32(weights[4 * lane + $1]) * [1, -2, 3, -128][$1] }
      }
  }

  private static let probe = """
    __kernel __attribute__((reqd_work_group_size(1, 1, 1))) void probe(__global int *x) {
      const int codes = 0x8003fe01;
      int16 sums = 0;
      const int16 bytes = vload16(0, x);
      __asm__("vpdpbusd %2%{1to16%}, %1, %0" : "+v"(sums) : "v"(bytes), "m"(codes));
      vstore16(sums, 0, x);
    }
    """
}
