import OpenCL
import OpenCLBackend

/// How a kernel of `Kernels/Ceilings/memory` passes over a buffer.
struct MemoryShape: Equatable {
  var global: Extent
  var local: Extent
  /// CPU style: vectors of a work-item. GPU style: elements of 16 bytes in all.
  var steps: Int
  /// What the kernel reads or writes of the buffer.
  var byteCount: Int
  /// What `memory_read` writes: a float or, in the GPU style, 16 bytes a work-item.
  var sumBytes: Int

  /// Vectors that a step of the CPU kernels takes, of all streams together.
  private static let unroll = 8

  /// From few to many parts, as what suits best is not known beforehand.
  static func candidates(bufferBytes: Int, device: Device, plan: DevicePlan) -> [MemoryShape] {
    switch plan.style {
    case .cpu:
      [1, 4, 16].map { partsPerUnit in
        let parts = partsPerUnit * plan.units
        let vector = 4 * plan.lanes
        let steps = bufferBytes / (parts * vector) / unroll * unroll
        return MemoryShape(
          global: Extent(parts), local: Extent(1), steps: steps, byteCount: parts * steps * vector, sumBytes: 4 * parts)
      }
    case .gpu, .mma:
      [16, 32, 64].map { groupsPerUnit in
        let local = device.maxWorkGroupSize >= 256 ? 256 : 64
        let items = groupsPerUnit * plan.units * local
        return MemoryShape(
          global: Extent(items), local: Extent(local), steps: bufferBytes / 16, byteCount: bufferBytes,
          sumBytes: 16 * items)
      }
    }
  }

  var description: String {
    local == Extent(1) ? "\(global.x) work-items" : "\(global.x / local.x) groups of \(local.x)"
  }
}
