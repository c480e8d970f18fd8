import Kernels
import OpenCL
import OpenCLBackend
import Testing

@testable import Profiling

let devices = ((try? Device.all()) ?? []).filter { DeviceReport($0).isUsable }

/// What is timed does what it says, in both styles on every device.
@Suite(.enabled(if: !devices.isEmpty, "needs an OpenCL device"))
struct CeilingKernelTests {
  private func bench(_ device: Int, _ style: KernelStyle) throws -> CeilingBench {
    try CeilingBench(devices[device], plan: DevicePlan(devices[device], style: style), cache: ProgramCache())
  }

  @Test(arguments: devices.indices, [KernelStyle.cpu, .gpu])
  func everyElementIsReadWrittenAndCopied(device: Int, style: KernelStyle) throws {
    let bench = try bench(device, style)
    // 1.25 MiB: a multiple of what any shape takes in a step, and not a power of two.
    let byteCount = 5 << 18
    for shape in MemoryShape.candidates(bufferBytes: byteCount, device: devices[device], plan: bench.plan) {
      let count = shape.byteCount / 4
      let x = try Buffer(bench.context, byteCount: byteCount, label: "x")
      let y = try Buffer(bench.context, byteCount: byteCount, label: "y")
      // One float more than is written.
      let out = try Buffer(bench.context, byteCount: shape.sumBytes + 4, label: "out")
      try bench.queue.fill(out.view, with: Float.pi.bitPattern, byteCount: shape.sumBytes + 4)
      let path = "Ceilings/memory.\(style).cl"
      var write = try bench.kernel(path, "memory_write")
      let two = Float(2)
      if style == .cpu {
        try bench.queue.launch(&write, global: shape.global, local: shape.local, x.view, two, Int32(shape.steps))
      } else {
        try bench.queue.launch(
          &write, global: shape.global, local: shape.local, x.view, two.bitPattern, UInt32(shape.steps))
      }
      var copy = try bench.kernel(path, "memory_copy")
      try bench.queue.launch(&copy, global: shape.global, local: shape.local, x.view, y.view, Int32(shape.steps))
      #expect(try floats(bench, y.view, count) == Array(repeating: 2, count: count), "\(shape)")

      // One word differs, so that the result tells whether that place was read.
      var word = Float(8)
      try withUnsafeBytes(of: &word) { try bench.queue.write($0, to: x.view, at: (count - 3) * 4) }
      var read = try bench.kernel(path, "memory_read")
      try bench.queue.launch(&read, global: shape.global, local: shape.local, x.view, out.view, Int32(shape.steps))
      var sums = try floats(bench, out.view, shape.sumBytes / 4 + 1)
      #expect(sums.removeLast() == .pi)
      #expect(sums.last != .pi)
      if style == .cpu {
        #expect(sums.reduce(0) { $0 + Double($1) } == Double(2 * count + 6))
      } else {
        let words = sums.map(\.bitPattern)
        // Column c of all 16-byte elements, combined: an even number of twos cancel, but for the place that is another.
        let all = words.reduce(UInt32(0), ^)
        #expect(all == two.bitPattern ^ word.bitPattern)
      }
    }
  }

  @Test(arguments: devices.indices)
  func theLaunchThatIsTimedWrites(device: Int) throws {
    let bench = try bench(device, .gpu)
    let out = try Buffer(bench.context, byteCount: 4, label: "out")
    var kernel = try bench.kernel("Ceilings/launch.cl", "launch")
    try bench.queue.launch(&kernel, global: Extent(64), local: Extent(64), out.view, Float(3).bitPattern)
    #expect(try floats(bench, out.view, 1) == [3])
  }

  /// What the tests of this suite launch, in both styles.
  @Test func noKernelIsLeftOut() throws {
    let launched: Set = ["launch", "memory_read", "memory_write", "memory_copy", "multiply"]
    let paths = KernelLibrary.paths.filter { $0.hasPrefix("Ceilings/") && $0.hasSuffix(".cl") }
    let names = try paths.flatMap { path in
      try KernelLibrary.file(path).matches(of: /__kernel[^{;]*?void\s+(\w+)\s*\(/).map { String($0.1) }
    }
    #expect(Set(names) == launched)
  }

  /// Against the sums in plain Swift.
  @Test(arguments: devices.indices, [KernelStyle.cpu, .gpu])
  func everyVariantMultiplies(device: Int, style: KernelStyle) throws {
    let bench = try bench(device, style)
    let steps = 48
    for variant in MultiplyVariant.all(bench.plan) where variant.isAllowed(devices[device], bench.plan) {
      guard let found = try sums(bench, variant, steps: steps) else { continue }
      let expected = Expected(seed: CeilingBench.seed, steps: steps, lanes: bench.plan.lanes)
      for (item, value) in found.enumerated() {
        let sum = style == .cpu ? expected.cpu(variant.index) : expected.gpu(variant.index, lane: item % variant.group)
        // Where the instruction shares work among work-items, only that all get a number is known.
        if let sum {
          #expect(abs(Double(value) - sum) <= 1e-4 * abs(sum), "\(variant.name), work-item \(item)")
        } else {
          #expect(value.isFinite && value != 0, "\(variant.name), work-item \(item)")
        }
      }
    }
  }

  @Test func assemblyIsOnlyForCPUsThatHaveIt() throws {
    var plan = DevicePlan(devices[0], style: .cpu)
    plan.lanes = 16
    let vnni = try #require(MultiplyVariant.all(plan).first { $0.name == "vpdpbusd" })
    #expect(!vnni.isAllowed(devices[0], plan, cpuFlags: []))
    #expect(vnni.isAllowed(devices[0], plan, cpuFlags: ["avx512_vnni"]) == (devices[0].kind == .cpu))
    plan.lanes = 8
    #expect(!vnni.isAllowed(devices[0], plan, cpuFlags: ["avx512_vnni"]))
  }

  /// Of two groups; nil where a compiler refuses a variant that is not portable.
  private func sums(_ bench: CeilingBench, _ variant: MultiplyVariant, steps: Int) throws -> [Float]? {
    let seed = CeilingBench.seed
    let weights = try Buffer(bench.context, byteCount: 4 * seed.count, label: "weights")
    try seed.withUnsafeBytes { try bench.queue.write($0, to: weights.view) }
    let items = 2 * variant.group
    let out = try Buffer(bench.context, byteCount: 4 * items, label: "out")
    do {
      var kernel = try bench.kernel(
        "Ceilings/multiply.\(bench.plan.style).cl", "multiply", macros: ["-DMULTIPLY=\(variant.index)"])
      try bench.queue.launch(
        &kernel, global: Extent(items), local: Extent(variant.group), weights.view, out.view, Int32(steps))
    } catch  where variant.requirement != .none {
      return nil
    }
    return try floats(bench, out.view, items)
  }

  private func floats(_ bench: CeilingBench, _ view: BufferView, _ count: Int) throws -> [Float] {
    var values = [Float](repeating: 0, count: count)
    try values.withUnsafeMutableBytes { try bench.queue.read(view, into: $0) }
    return values
  }
}

/// What `Kernels/Ceilings/multiply` adds up, in plain Swift.
private struct Expected {
  let seed: [UInt32]
  let steps: Int
  let lanes: Int

  private func bytes(_ word: UInt32) -> [Int] { (0..<4).map { Int(Int8(truncatingIfNeeded: word >> (8 * $0))) } }
  private func unsigned(_ word: UInt32) -> [Int] { (0..<4).map { Int(UInt8(truncatingIfNeeded: word >> (8 * $0))) } }
  private func low(_ word: UInt32) -> Double { Double(Float(bitPattern: word << 16)) }
  private func high(_ word: UInt32) -> Double { Double(Float(bitPattern: word & 0xffff_0000)) }

  func cpu(_ variant: Int) -> Double? {
    (0..<lanes).reduce(0) { sum, lane in
      sum + (0..<MultiplyVariant.chains(.cpu)).reduce(0) { $0 + chain($1, word: seed[lane], variant) }
    }
  }

  func gpu(_ variant: Int, lane: Int) -> Double? {
    let word = seed[lane % 16]
    // In the order of the CPU's variants: f32, widened bf16, widened int8.
    switch variant {
    case 0, 1, 3: return (0..<MultiplyVariant.chains(.gpu)).reduce(0) { $0 + chain($1, word: word, variant) }
    case 4: return Double(MultiplyVariant.chains(.gpu) * steps * dot(bytes(word), bytes(word)))
    default: return nil
    }
  }

  private func chain(_ i: Int, word: UInt32, _ variant: Int) -> Double {
    switch variant {
    case 0:
      let factor = Double(Float(bitPattern: word))
      return (0..<steps).reduce(0) { sum, _ in sum * factor + (1 - factor) }
    case 1:
      let x = Double(bytes(seed[i])[0])
      return (0..<steps).reduce(0) { sum, s in
        let word = word ^ UInt32(s & 0x007f_007f)
        return sum + x * (low(word) + high(word))
      }
    case 2: return Double(steps) * (low(word) * low(word) + high(word) * high(word))
    case 3:
      return (0..<steps).reduce(0) { sum, s in
        sum + Double(dot(bytes(seed[i]), bytes(word ^ UInt32(s) &* 0x0101_0101)))
      }
    default: return Double(steps * dot(unsigned(word), bytes(word)))
    }
  }

  private func dot(_ a: [Int], _ b: [Int]) -> Int { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
}
