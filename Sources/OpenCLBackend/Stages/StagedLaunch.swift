import OpenCL

/// A launch of stages that may be queued again; keeps its buffers.
final class StagedLaunch {
  let kernel: StagedKernel
  let table: DeviceBuffer
  let stages: Int
  private(set) var buffers: [KernelValue.RawBuffer]

  init(_ kernel: StagedKernel, table: DeviceBuffer, stages: Int, buffers: [KernelValue.RawBuffer]) {
    self.kernel = kernel
    self.table = table
    self.stages = stages
    self.buffers = buffers
    for buffer in buffers { buffer.retain() }
  }

  deinit { for buffer in buffers { buffer.release() } }

  /// Whether the two do the same with the same buffers, but for those of a batch.
  func repeats(_ other: StagedLaunch, _ batches: BatchExchange) -> Bool {
    kernel === other.kernel && table === other.table && stages == other.stages
      && buffers.count == other.buffers.count
      && zip(buffers, other.buffers).allSatisfy { $0 == batches.current($1) }
  }

  /// Takes the buffers of another batch.
  func take(_ batches: BatchExchange) {
    for index in buffers.indices {
      let new = batches.current(buffers[index])
      if new == buffers[index] { continue }
      new.retain()
      buffers[index].release()
      buffers[index] = new
    }
  }
}

/// The buffers of a batch, each with the one of the batch before in whose place it stands.
struct BatchExchange {
  let pairs: [(old: KernelValue.RawBuffer, new: KernelValue.RawBuffer)]

  init(from old: [KernelValue.RawBuffer], to new: [KernelValue.RawBuffer]) {
    pairs = zip(old, new).map { ($0, $1) }
  }

  func current(_ buffer: KernelValue.RawBuffer) -> KernelValue.RawBuffer {
    for pair in pairs where pair.old == buffer { return pair.new }
    return buffer
  }
}
