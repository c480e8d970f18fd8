import OpenCL
import OpenCLBackend

extension CeilingBench {
  /// Bandwidth of device memory by kernels, and of the driver's own copy.
  ///
  /// A copy counts the bytes that it reads and those that it writes. What a CPU reads besides, to own the lines that it
  /// writes, is not counted.
  func measureMemory() throws -> [Ceiling] {
    let x = try Buffer(context, byteCount: bufferBytes, label: "source")
    let y = try Buffer(context, byteCount: bufferBytes, label: "target")
    try queue.fill(x.view, with: 0x3f80_0000, byteCount: bufferBytes)
    try queue.fill(y.view, with: 0, byteCount: bufferBytes)
    return [
      try memory(.memoryRead, "memory_read", x.view, y.view, passes: 1),
      try memory(.memoryWrite, "memory_write", y.view, nil, passes: 1),
      try memory(.memoryCopy, "memory_copy", x.view, y.view, passes: 2),
      Ceiling(
        .bufferCopy, amount: Double(2 * bufferBytes),
        in: try repeated {
          try queue.finish()
          return try wallSeconds {
            try queue.copy(x.view, at: 0, to: y.view, at: 0, byteCount: bufferBytes)
            try queue.finish()
          }
        }, method: "bytes read and written, the host's clock"),
    ]
  }

  /// Runs a kernel in each of several shapes, and keeps the one with the best run.
  ///
  /// - Parameter second: the kernel's second buffer, or nil for a value in its place.
  private func memory(
    _ name: Ceiling.Name, _ function: String, _ first: BufferView, _ second: BufferView?, passes: Int
  ) throws -> Ceiling {
    var kernel = try memoryKernel(function)
    var found: Ceiling?
    for shape in MemoryShape.candidates(bufferBytes: bufferBytes, device: device, plan: plan) {
      let seconds = try repeated {
        if let second {
          try queue.launchTimed(
            &kernel, global: shape.global, local: shape.local, first, second, Int32(shape.steps)
          ).seconds
        } else {
          try queue.launchTimed(
            &kernel, global: shape.global, local: shape.local, first, UInt32(0x3f80_0000), Int32(shape.steps)
          ).seconds
        }
      }
      let ceiling = Ceiling(
        name, amount: Double(passes * shape.byteCount), in: seconds,
        method: "\(shape.description)\(passes > 1 ? ", bytes read and written" : ""), OpenCL events")
      if ceiling.best > found?.best ?? 0 { found = ceiling }
    }
    guard let found else { throw ProfilingError("device \"\(device.name)\" has no memory to measure") }
    return found
  }

  func memoryKernel(_ function: String) throws -> Kernel {
    try kernel("Ceilings/memory.\(plan.style == .cpu ? "cpu" : "gpu").cl", function)
  }

  /// Bytes a second that `memory_read` reads in the best of so many runs.
  func readRate(
    _ kernel: inout Kernel, _ shape: MemoryShape, _ source: BufferView, _ sums: BufferView, runs: Int
  ) throws -> Double {
    let seconds = try (0..<runs).map { _ in
      try queue.launchTimed(
        &kernel, global: shape.global, local: shape.local, source, sums, Int32(shape.steps)
      ).seconds
    }
    return Double(shape.byteCount) / (seconds.min() ?? 1)
  }
}
