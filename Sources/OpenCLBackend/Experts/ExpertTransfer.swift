import Backend
import OpenCL

/// One expert on its way to its slot.
final class ExpertTransfer: @unchecked Sendable {
  /// The weights in the checkpoint and the layouts that they get.
  struct Weights: Sendable {
    let source: ExpertsSource
    let gateUp: WeightLayout
    let down: WeightLayout
    /// The number of the layer's first expert, through all layers.
    let firstNumber: Int

    /// - Throws: `BackendError` if the file is not what it was when it was opened.
    func checkFile(of expert: Int) throws {
      for tensor in source.gateUp.parts[expert] + source.down.parts[expert] { try tensor.checkFile() }
    }

    /// Bytes of an expert in the checkpoint.
    func storedBytes(of expert: Int) -> Int {
      (source.gateUp.parts[expert] + source.down.parts[expert]).reduce(0) { $0 + $1.storedBytes }
    }

    /// Lays an expert out.
    func write(_ expert: Int, gateUp target: UnsafeMutableRawBufferPointer, down other: UnsafeMutableRawBufferPointer) {
      func units(_ layout: WeightLayout) -> Range<Int> {
        expert * layout.unitsPerExpert..<(expert + 1) * layout.unitsPerExpert
      }
      gateUp.write(source.gateUp, units: units(gateUp), to: target)
      down.write(source.down, units: units(down), to: other)
    }
  }

  /// Where it goes.
  struct Target: Sendable {
    let gateUp: SlotMemory
    let down: SlotMemory
    /// The slot's number in both.
    let index: Int
    let size: ExpertPool.SlotSize

    /// The slot in host memory, if the host shares it.
    var bytes: (gateUp: UnsafeMutableRawBufferPointer, down: UnsafeMutableRawBufferPointer)? {
      guard let first = gateUp.bytes, let second = down.bytes else { return nil }
      func part(_ bytes: UnsafeMutableRawBufferPointer, _ size: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: bytes[index * size..<(index + 1) * size])
      }
      return (part(first, size.gateUp), part(second, size.down))
    }
  }

  let weights: Weights
  /// In its layer.
  let expert: Int
  let target: Target
  let phase: Phase
  /// The slot's last use, which has to be over first.
  let blocker: SharedEvent?

  // Guarded by the streamer's lock.
  enum State {
    case waiting
    case running
    /// The copy is queued, or over if there is no event.
    case sent(SharedEvent?)
    case failed(any Error)
  }
  var state = State.waiting
  /// Its layer is not reached yet.
  var isAhead: Bool

  init(
    _ weights: Weights, expert: Int, to target: Target, phase: Phase, isAhead: Bool, after blocker: SharedEvent?
  ) {
    self.weights = weights
    self.expert = expert
    self.target = target
    self.phase = phase
    self.isAhead = isAhead
    self.blocker = blocker
  }

  var number: Int { weights.firstNumber + expert }
}
