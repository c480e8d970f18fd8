import OpenCL
import OpenCLBackend

extension CeilingBench {
  /// Weights: each one f32 of about a half, two bf16, or four int8.
  static let seed = (0..<16).map { UInt32(0x3f00_3e80) + UInt32($0) * 0x0001_0001 }

  /// The rate of each variant that the device may run and its compiler takes.
  func measureMultiply() throws -> [Ceiling] {
    let weights = try Buffer(context, byteCount: 4 * Self.seed.count, label: "weights")
    try write(Self.seed, to: weights.view)
    return try MultiplyVariant.all(plan).filter { $0.isAllowed(device, plan) }.compactMap { variant in
      guard variant.requirement != .none else { return try rate(variant, multiplyKernel(variant), weights.view) }
      // A compiler that does not take the assembly: the device has no such variant.
      guard let kernel = try? multiplyKernel(variant) else { return nil }
      return try rate(variant, kernel, weights.view)
    }
  }

  func write(_ values: [UInt32], to view: BufferView) throws {
    try values.withUnsafeBytes { try queue.write($0, to: view) }
  }

  func multiplyKernel(_ variant: MultiplyVariant) throws -> Kernel {
    try kernel(
      "Ceilings/multiply.\(plan.style == .cpu ? "cpu" : "gpu").cl", "multiply",
      macros: ["-DMULTIPLY=\(variant.index)"])
  }

  private func rate(_ variant: MultiplyVariant, _ kernel: consuming Kernel, _ weights: BufferView) throws -> Ceiling {
    let run = try MultiplyRun(variant, kernel, weights, bench: self)
    return Ceiling(
      variant.ceiling, amount: run.operations, in: try repeated { try run.seconds() },
      method: "\(variant.name), OpenCL events")
  }
}

/// Runs of one variant, each as long as it takes to measure it.
final class MultiplyRun {
  private let bench: CeilingBench
  private var kernel: Kernel
  private let weights: BufferView
  private let out: Buffer
  private let items: Int
  private let local: Int
  private var steps = 1024
  /// Of a run.
  private(set) var operations = 0.0

  /// Seconds that a run takes at least.
  private static let runSeconds = 0.01
  private static let mostSteps = 1 << 24

  init(
    _ variant: MultiplyVariant, _ kernel: consuming Kernel, _ weights: BufferView, bench: CeilingBench
  ) throws {
    self.bench = bench
    self.kernel = kernel
    self.weights = weights
    local = min(variant.group, max(bench.device.maxWorkGroupSize, 1))
    items = 8 * bench.plan.units * local
    out = try Buffer(bench.context, byteCount: items * 4, label: "sums")
    _ = try seconds()
    while steps < Self.mostSteps, try seconds() < Self.runSeconds { steps *= 2 }
    operations = Double(items * steps * MultiplyVariant.chains(bench.plan.style) * variant.operations)
  }

  func seconds() throws -> Double {
    try bench.queue.launchTimed(
      &kernel, global: Extent(items), local: Extent(local), weights, out.view, Int32(steps)
    ).seconds
  }
}
