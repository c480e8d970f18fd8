import OpenCL
import OpenCLBackend

extension CeilingBench {
  /// Seconds that a run takes at least.
  private static let runSeconds = 0.01
  private static let mostSteps = 1 << 24
  /// Weights: each one f32 of about a half, two bf16, or four int8.
  static let seed = (0..<16).map { UInt32(0x3f00_3e80) + UInt32($0) * 0x0001_0001 }

  /// The rate of each variant that the device may run and its compiler takes.
  func measureMultiply() throws -> [Ceiling] {
    let weights = try Buffer(context, byteCount: 4 * Self.seed.count, label: "weights")
    try Self.seed.withUnsafeBytes { try queue.write($0, to: weights.view) }
    return try MultiplyVariant.all(plan).filter { $0.isAllowed(device, plan) }.compactMap { variant in
      let path = "Ceilings/multiply.\(plan.style == .cpu ? "cpu" : "gpu").cl"
      let macros = ["-DMULTIPLY=\(variant.index)"]
      guard variant.requirement != .none else {
        return try rate(variant, kernel(path, "multiply", macros: macros), weights.view)
      }
      // A compiler that does not take the assembly: the device has no such variant.
      guard let kernel = try? kernel(path, "multiply", macros: macros) else { return nil }
      return try rate(variant, kernel, weights.view)
    }
  }

  private func rate(_ variant: MultiplyVariant, _ kernel: consuming Kernel, _ weights: BufferView) throws -> Ceiling {
    var kernel = kernel
    let local = min(variant.group, max(device.maxWorkGroupSize, 1))
    let items = 8 * plan.units * local
    let out = try Buffer(context, byteCount: items * 4, label: "sums")
    func seconds(_ steps: Int) throws -> Double {
      try queue.launchTimed(
        &kernel, global: Extent(items), local: Extent(local), weights, out.view, Int32(steps)
      ).seconds
    }
    var steps = 1024
    _ = try seconds(steps)
    while steps < Self.mostSteps, try seconds(steps) < Self.runSeconds { steps *= 2 }
    let operations = Double(items * steps * MultiplyVariant.chains(plan.style) * variant.operations)
    return Ceiling(
      variant.ceiling, amount: operations, in: try repeated { try seconds(steps) },
      method: "\(variant.name), OpenCL events")
  }
}
