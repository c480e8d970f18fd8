import Engine
import Kernels
import OpenCL
import OpenCLBackend

/// A device with a queue that profiles, for measuring its ceilings.
final class CeilingBench {
  let context: Context
  let queue: Queue
  let plan: DevicePlan
  private let cache: ProgramCache

  /// Times that each measurement is repeated, behind one or more that do not count.
  static let repetitions = 9

  /// - Parameter plan: whose kernels are measured; both styles run on any device.
  init(_ device: Device, plan: DevicePlan? = nil, cache: ProgramCache) throws {
    let context = try Context(device)
    self.plan = plan ?? DevicePlan(device)
    queue = try Queue(context, profiling: true)
    self.cache = cache
    self.context = context
  }

  var device: Device { context.device }

  /// Eight times the cache, so that little of a buffer is in it, or a 64th of the device's memory, so that a pass takes its
  /// time; at least 256 MiB and at most 1 GiB, a sixteenth of the memory, and what one buffer may have.
  var bufferBytes: Int {
    let memory = device.globalMemory > 0 ? device.globalMemory / 16 : 64 << 20
    let wanted = min(max(8 * device.globalCache, device.globalMemory / 64, 256 << 20), 1 << 30)
    return min(wanted, memory, plan.maxAllocation) / (1 << 20) * (1 << 20)
  }

  func kernel(_ path: String, _ name: String, macros: [String] = []) throws -> Kernel {
    let options = ["-cl-std=CL1.2", "-DLANES=\(plan.lanes)"] + macros
    let program = try cache.program(
      context, source: KernelLibrary.source(path), options: options.joined(separator: " "), label: "Kernels/\(path)")
    return try Kernel(program, name: name)
  }

  /// Seconds of `body`, repeated after a run that does not count.
  func repeated(_ body: () throws -> Double) rethrows -> Samples {
    _ = try body()
    return Samples(try (0..<Self.repetitions).map { _ in try body() })
  }

  /// Seconds by the host's clock.
  func wallSeconds(_ body: () throws -> Void) rethrows -> Double {
    let start = ContinuousClock.now
    try body()
    return (ContinuousClock.now - start).seconds
  }
}
