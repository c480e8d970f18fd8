import OpenCL

/// An instruction of dot products that a CPU's OpenCL runtime reaches by inline assembly, if it takes that.
struct DotInstruction: Sendable {
  /// vpdpbusd, of bytes (AVX-512 VNNI).
  static let bytes = DotInstruction(
    flags: ["avx512f", "avx512bw", "avx512_vnni"], label: "dots of bytes",
    source: source(sum: "int16", instruction: "vpdpbusd", word: "0x8003fe01"),
    input: (0..<16).flatMap { lane in (0..<4).map { UInt8(16 * lane + 4 * $0) } },
    expected: (0..<16).map { lane in
      let products = zip((0..<4).map { Int32(16 * lane + 4 * $0) }, [1, -2, 3, -128]).map { $0 * $1 }
      return UInt32(bitPattern: products.reduce(0, +))
    })
  /// vdpbf16ps, of bf16 (AVX-512 BF16): 1 and −2 with the pairs of (1 + lane / 16) and 0.5.
  static let bf16 = DotInstruction(
    flags: ["avx512f", "avx512bw", "avx512_bf16"], label: "dots of bf16",
    source: source(sum: "float16", instruction: "vdpbf16ps", word: "0xc0003f80"),
    input: (0..<16).flatMap { [0x80 + 8 * UInt8($0), 0x3F, 0x00, 0x3F] },
    expected: (0..<16).map { (Float($0) / 16).bitPattern })

  private let probe: DeviceProbe<Bool>

  /// - Parameters:
  ///   - flags: what the CPU must have, as Linux names it.
  ///   - source: a kernel `probe` on 64 bytes.
  ///   - input: those bytes.
  ///   - expected: what it makes of them.
  private init(flags: [String], label: String, source: String, input: [UInt8], expected: [UInt32]) {
    probe = DeviceProbe { device in
      guard device.kind == .cpu, CPUFlags.all.isSuperset(of: flags) else { return false }
      return (try? Self.result(of: source, label, input, on: device)) == expected
    }
  }

  /// Whether this machine's CPU is the device, has the instruction, and its compiler takes it; builds a kernel and runs it
  /// to see, once for a device.
  func isUsable(on device: Device) -> Bool { probe.finding(on: device) }

  private static func result(
    of source: String, _ label: String, _ input: [UInt8], on device: Device
  ) throws -> [UInt32] {
    let context = try Context(device)
    let program = try ProgramCache().program(context, source: source, options: "-cl-std=CL1.2", label: label)
    var kernel = try Kernel(program, name: "probe")
    let queue = try Queue(context)
    let buffer = try Buffer(context, byteCount: input.count, label: label)
    try input.withUnsafeBytes { try queue.write($0, to: buffer.view, at: 0) }
    try queue.launch(&kernel, global: Extent(1), local: Extent(1), buffer.view)
    var found = [UInt32](repeating: 0, count: 16)
    try found.withUnsafeMutableBytes { try queue.read(buffer.view, at: 0, into: $0) }
    return found
  }

  /// Sixteen sums of products of the 64 bytes with a word that all lanes share.
  private static func source(sum: String, instruction: String, word: String) -> String {
    """
    __kernel __attribute__((reqd_work_group_size(1, 1, 1))) void probe(__global int *x) {
      const uint shared = \(word);
      \(sum) sums = 0;
      const int16 words = vload16(0, x);
      __asm__("\(instruction) %2%{1to16%}, %1, %0" : "+v"(sums) : "v"(words), "m"(shared));
      vstore16(as_int16(sums), 0, x);
    }
    """
  }
}
