package import OpenCL
package import OpenCLBackend

/// What a device gives at most at this moment: reads of its memory, and f32 multiply-adds. Quick enough to be asked before
/// each measurement, for on a shared machine both change.
package final class CeilingProbe {
  package struct Reading: Sendable, Equatable {
    package var bytesPerSecond: Double
    package var operationsPerSecond: Double

    package init(bytesPerSecond: Double, operationsPerSecond: Double) {
      self.bytesPerSecond = bytesPerSecond
      self.operationsPerSecond = operationsPerSecond
    }
  }

  private let bench: CeilingBench
  private let source: Buffer
  private let sums: Buffer
  private let shape: MemoryShape
  private var read: Kernel
  private let weights: Buffer
  private let multiply: MultiplyRun

  private static let repetitions = 3

  /// Chooses the shape that reads fastest. Takes a buffer of up to 1 GiB.
  /// - Throws: `OpenCLError` of a device that fails, `ProfilingError` of one without memory.
  package init(_ device: Device, plan: DevicePlan? = nil, cache: ProgramCache = ProgramCache()) throws {
    bench = try CeilingBench(device, plan: plan, cache: cache)
    source = try Buffer(bench.context, byteCount: bench.bufferBytes, label: "source")
    try bench.queue.fill(source.view, with: 0x3f80_0000, byteCount: bench.bufferBytes)
    read = try bench.memoryKernel("memory_read")
    let shapes = MemoryShape.candidates(bufferBytes: bench.bufferBytes, device: device, plan: bench.plan)
    sums = try Buffer(bench.context, byteCount: shapes.map(\.sumBytes).max() ?? 1, label: "sums")
    var best: (shape: MemoryShape, rate: Double)?
    for shape in shapes {
      let rate = try bench.readRate(&read, shape, source.view, sums.view, runs: Self.repetitions)
      if rate > best?.rate ?? 0 { best = (shape, rate) }
    }
    guard let best else { throw ProfilingError("device \"\(device.name)\" has no memory to measure") }
    shape = best.shape
    let weights = try Buffer(bench.context, byteCount: 4 * CeilingBench.seed.count, label: "weights")
    try bench.write(CeilingBench.seed, to: weights.view)
    guard let variant = MultiplyVariant.all(bench.plan).first(where: { $0.ceiling == .multiplyF32 }) else {
      throw ProfilingError("device \"\(device.name)\" has no f32 to measure")
    }
    multiply = try MultiplyRun(variant, bench.multiplyKernel(variant), weights.view, bench: bench)
    self.weights = weights
  }

  /// The best of a few runs of each.
  package func take() throws -> Reading {
    Reading(
      bytesPerSecond: try bench.readRate(&read, shape, source.view, sums.view, runs: Self.repetitions),
      operationsPerSecond: try multiply.operations
        / ((0..<Self.repetitions).map { _ in try multiply.seconds() }.min() ?? 1))
  }
}
