import Backend
import OpenCL

/// Device memory in slots of one size, each for one expert's gated and down projection.
///
/// Slots are numbered through all segments; a segment is what one buffer may hold.
final class ExpertPool {
  /// Slots that lie in the same two buffers.
  struct Segment {
    let slots: Range<Int>
    let gateUp: SlotMemory
    let down: SlotMemory
  }

  /// Bytes of an expert's two projections.
  struct SlotSize: Hashable {
    var gateUp: Int
    var down: Int

    var total: Int { gateUp + down }
  }

  let size: SlotSize
  let segments: [Segment]
  var slotCount: Int { segments.last?.slots.upperBound ?? 0 }

  /// - Parameters:
  ///   - runs: counts of slots that should lie together where a buffer may be as large.
  ///   - labels: of the two projections of an expert, for errors.
  ///   - isShared: whether the host can write the slots in place.
  /// - Throws: if the device has too little memory; the error says how much was wanted.
  init(
    _ size: SlotSize, runs: [Int], labels: (gateUp: String, down: String), maxAllocation: Int, isShared: Bool,
    _ context: borrowing Context
  ) throws {
    for (label, bytes) in [(labels.gateUp, size.gateUp), (labels.down, size.down)] where bytes > maxAllocation {
      throw BackendError(
        "\(label): an expert of \(bytes) bytes does not fit into a buffer of the device, whose limit is "
          + "\(maxAllocation) bytes")
    }
    let most = maxAllocation / max(size.gateUp, size.down)
    var segments: [Segment] = []
    var start = 0
    for run in runs {
      let end = start + run
      while start < end {
        let slots = start..<min(start + most, end)
        func memory(_ bytes: Int, _ label: String) throws -> SlotMemory {
          try SlotMemory(context, byteCount: slots.count * bytes, label: label, isShared: isShared)
        }
        segments.append(
          Segment(
            slots: slots, gateUp: try memory(size.gateUp, "\(labels.gateUp), slots \(slots)"),
            down: try memory(size.down, "\(labels.down), slots \(slots)")))
        start = slots.upperBound
      }
    }
    self.size = size
    self.segments = segments
  }

  /// The segment of a slot, and its number in it.
  func locate(_ slot: Int) -> (segment: Segment, index: Int) {
    var (low, high) = (0, segments.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].slots.upperBound <= slot { low = middle + 1 } else { high = middle }
    }
    return (segments[low], slot - segments[low].slots.lowerBound)
  }
}

/// A buffer that holds slots.
final class SlotMemory: @unchecked Sendable {
  let view: BufferView
  /// Where the host may write it, if it shares the memory.
  let bytes: UnsafeMutableRawBufferPointer?
  private let shared: SharedBuffer?
  private let own: Buffer?

  init(_ context: borrowing Context, byteCount: Int, label: String, isShared: Bool) throws(OpenCLError) {
    if isShared {
      let buffer = try SharedBuffer(context, byteCount: byteCount, label: label)
      view = buffer.view
      bytes = buffer.bytes
      shared = consume buffer
      own = nil
    } else {
      let buffer = try Buffer(context, byteCount: byteCount, label: label)
      view = buffer.view
      bytes = nil
      own = consume buffer
      shared = nil
    }
  }
}
