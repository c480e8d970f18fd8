import OpenCL

/// A launch of stages that may be queued again, while its buffers are there.
struct StagedLaunch {
  let kernel: StagedKernel
  let table: DeviceBuffer
  let stages: Int
  var buffers: [KernelValue.RawBuffer]

  /// Whether the two do the same with the same buffers, but for those of a batch.
  func repeats(_ other: StagedLaunch, _ batches: BatchExchange) -> Bool {
    kernel === other.kernel && table === other.table && stages == other.stages
      && buffers == other.buffers.map(batches.current)
  }

  /// Takes the buffers of another batch.
  mutating func take(_ batches: BatchExchange) {
    for index in buffers.indices { buffers[index] = batches.current(buffers[index]) }
  }
}

/// The buffers of a batch, each with the one of the batch before in whose place it stands.
struct BatchExchange {
  private let pairs: [(old: KernelValue.RawBuffer, new: KernelValue.RawBuffer)]

  init(from old: [KernelValue.RawBuffer], to new: [KernelValue.RawBuffer]) {
    pairs = zip(old, new).map { ($0, $1) }
  }

  func current(_ buffer: KernelValue.RawBuffer) -> KernelValue.RawBuffer {
    for pair in pairs where pair.old == buffer { return pair.new }
    return buffer
  }
}
