package import Backend
import Foundation
import OpenCL

/// Brings experts to their slots, one after the other, on a thread and a queue of its own: those whose layer is reached
/// before those that are fetched ahead.
final class ExpertStreamer: @unchecked Sendable {
  private let queue: Queue
  private let host: HostExperts?
  private let staging: [StagingBuffer]
  private let linkBandwidth: Double?
  /// Slots are written in place, and nothing crosses a link.
  private let isInPlace: Bool
  private var linkIsFreeAt = ContinuousClock.now
  private var nextStaging = 0

  private let condition = NSCondition()
  private var urgent: [ExpertTransfer] = []
  private var ahead: [ExpertTransfer] = []
  private var isStopping = false
  private var counted: ExpertTransfers
  private var records: [TransferRecord]?

  /// - Parameters:
  ///   - host: where laid out experts are kept; nil for nowhere.
  ///   - stagingBytes: of the buffers through which experts go that are not kept; 0 where slots are written in place.
  init(
    _ context: DeviceContext, layers: Int, host: HostExperts?, stagingBytes: Int, isInPlace: Bool,
    linkBandwidth: Double?
  ) throws {
    queue = try Queue(context.context)
    self.host = host
    self.isInPlace = isInPlace
    self.linkBandwidth = linkBandwidth
    staging =
      stagingBytes > 0
      ? try (0..<Self.stagingCount).map { _ in
        StagingBuffer(try PinnedMemory(context.context, byteCount: stagingBytes, label: "staging"))
      } : []
    counted = ExpertTransfers(layerCount: layers)
    counted.loadsByExpert = Array(repeating: [:], count: layers)
  }

  private static let stagingCount = 3

  /// A buffer, and the copy that last read it.
  private final class StagingBuffer {
    let memory: PinnedMemory
    var lastCopy: SharedEvent?

    init(_ memory: PinnedMemory) { self.memory = memory }
  }

  func start() {
    #if FAULTS
      let body = Faults.inherited { [self] in run() }
    #else
      let body: @Sendable () -> Void = { [self] in run() }
    #endif
    let thread = Thread(block: body)
    thread.name = "strata.experts"
    thread.qualityOfService = .userInitiated
    thread.start()
  }

  /// Lets the thread end; waiting transfers are not done.
  func stop() { locked { isStopping = true } }

  var counts: ExpertTransfers { locked { counted } }

  /// Whether these transfers are complete.
  func areOver(_ transfers: [ExpertTransfer]) -> Bool {
    locked {
      transfers.allSatisfy { transfer in
        // One that has failed is told by whoever waits for it.
        if case .sent(let event) = transfer.state { (try? event?.isComplete() ?? true) ?? false } else { false }
      }
    }
  }

  func hasFailed(_ transfer: ExpertTransfer?) -> Bool {
    locked { if case .failed = transfer?.state { true } else { false } }
  }

  /// Keeps a record of each transfer from now on, or no more.
  func record(_ isOn: Bool) { locked { records = isOn ? [] : nil } }
  /// The records since the last call.
  func takeRecords() -> [TransferRecord] {
    locked {
      defer { if records != nil { records = [] } }
      return records ?? []
    }
  }

  func add(_ transfers: [ExpertTransfer]) {
    locked {
      for transfer in transfers {
        if transfer.isAhead { ahead.append(transfer) } else { urgent.append(transfer) }
      }
    }
  }

  /// Lets a transfer, if it still waits, overtake those that are fetched ahead.
  func hurry(_ transfers: [ExpertTransfer]) {
    locked {
      for transfer in transfers where transfer.isAhead {
        transfer.isAhead = false
        if case .waiting = transfer.state { urgent.append(transfer) }
      }
    }
  }

  /// Takes a transfer back that has not begun.
  func cancel(_ transfer: ExpertTransfer) {
    locked {
      if case .waiting = transfer.state {
        transfer.state = .failed(BackendError("expert \(transfer.expert): its copy was taken back"))
      }
    }
  }

  /// Waits until the copies are queued; those that are not complete then are returned.
  /// - Throws: what a transfer failed with.
  func wait(for transfers: [ExpertTransfer]) throws -> [SharedEvent] {
    condition.lock()
    defer { condition.unlock() }
    var events: [SharedEvent] = []
    for transfer in transfers {
      wait: while true {
        switch transfer.state {
        case .waiting, .running: condition.wait()
        case .sent(let event):
          if let event {
            do {
              _ = try event.isComplete()
            } catch {
              transfer.state = .failed(error)
              throw error
            }
            events.append(event)
          }
          break wait
        case .failed(let error): throw error
        }
      }
    }
    return events
  }

  private func locked<R>(_ body: () -> R) -> R {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    return body()
  }

  // MARK: The thread

  private func run() {
    while let transfer = next() {
      let state: ExpertTransfer.State
      do {
        state = .sent(try move(transfer))
      } catch {
        state = .failed(error)
      }
      locked { transfer.state = state }
    }
    // The memory that copies read goes with this streamer.
    try? queue.finish()
  }

  private func next() -> ExpertTransfer? {
    condition.lock()
    defer { condition.unlock() }
    while !isStopping {
      while let transfer = urgent.isEmpty ? nil : urgent.removeFirst() {
        if case .waiting = transfer.state {
          transfer.state = .running
          return transfer
        }
      }
      while let transfer = ahead.isEmpty ? nil : ahead.removeFirst() {
        // Those that were hurried are done, or stand in the other list.
        if case .waiting = transfer.state, transfer.isAhead {
          transfer.state = .running
          return transfer
        }
      }
      condition.wait()
    }
    return nil
  }

  /// Brings one expert; returns the event of a copy that may still run.
  private func move(_ transfer: ExpertTransfer) throws -> SharedEvent? {
    let begin = max(ContinuousClock.now, linkIsFreeAt)
    let event: SharedEvent?
    if let slot = transfer.target.bytes {
      try transfer.blocker?.waitForEnd()
      try fill(slot, transfer)
      event = nil
    } else {
      event = try send(transfer)
    }
    let size = transfer.target.size.total
    let (layer, phase) = (transfer.weights.source.layer, transfer.phase.rawValue)
    if let linkBandwidth {
      try event?.wait()
      linkIsFreeAt = begin + .seconds(Double(size) / linkBandwidth)
      let rest = linkIsFreeAt - .now
      if rest > .zero { Thread.sleep(forTimeInterval: rest / .seconds(1)) }
    } else if locked({ records != nil }) {
      // So that the record ends when the copy does, not when it is queued.
      try event?.wait()
    }
    let end = ContinuousClock.now
    locked {
      counted.loads[layer][phase] += 1
      counted.loadsByExpert[layer][transfer.expert, default: 0] += 1
      if !isInPlace { counted.hostToDevice[layer][phase] += size }
      records?.append(
        TransferRecord(
          layer: layer, expert: transfer.expert, phase: transfer.phase, byteCount: size, begin: begin, end: end))
    }
    return linkBandwidth == nil ? event : nil
  }

  /// Writes a slot that the host shares.
  private func fill(
    _ slot: (gateUp: UnsafeMutableRawBufferPointer, down: UnsafeMutableRawBufferPointer), _ transfer: ExpertTransfer
  ) throws {
    if let copy = try hostCopy(transfer) {
      slot.gateUp.copyMemory(from: UnsafeRawBufferPointer(copy.gateUp))
      slot.down.copyMemory(from: UnsafeRawBufferPointer(copy.down))
    } else {
      try layOut(transfer, gateUp: slot.gateUp, down: slot.down)
    }
  }

  /// Queues copying to a slot, from the host's copy or through a staging buffer.
  private func send(_ transfer: ExpertTransfer) throws -> SharedEvent {
    var source = try hostCopy(transfer)
    var buffer: StagingBuffer?
    if source == nil {
      let next = staging[nextStaging]
      nextStaging = (nextStaging + 1) % staging.count
      try next.lastCopy?.waitForEnd()
      let parts = split(next.memory.bytes, transfer.target.size)
      try layOut(transfer, gateUp: parts.gateUp, down: parts.down)
      source = parts
      buffer = next
    }
    guard let source else { throw BackendError("expert \(transfer.expert): no source") }
    if let blocker = transfer.blocker, !blocker.hasFailed { try queue.hold(until: [blocker]) }
    let target = transfer.target
    _ = try queue.startWriting(
      UnsafeRawBufferPointer(source.gateUp), to: target.gateUp.view, at: target.index * target.size.gateUp)
    let event = try queue.startWriting(
      UnsafeRawBufferPointer(source.down), to: target.down.view, at: target.index * target.size.down)
    try queue.flush()
    buffer?.lastCopy = event
    return event
  }

  private typealias Parts = (gateUp: UnsafeMutableRawBufferPointer, down: UnsafeMutableRawBufferPointer)

  private func split(_ bytes: UnsafeMutableRawBufferPointer, _ size: ExpertPool.SlotSize) -> Parts {
    (
      UnsafeMutableRawBufferPointer(rebasing: bytes[..<size.gateUp]),
      UnsafeMutableRawBufferPointer(rebasing: bytes[size.gateUp..<size.total])
    )
  }

  /// The host's copy of an expert, made now if there is room for it.
  private func hostCopy(_ transfer: ExpertTransfer) throws -> Parts? {
    let size = transfer.target.size
    if let bytes = host?.bytes(of: transfer.number) { return split(bytes, size) }
    guard let bytes = host?.reserve(transfer.number, byteCount: size.total) else { return nil }
    let parts = split(bytes, size)
    do {
      try layOut(transfer, gateUp: parts.gateUp, down: parts.down)
    } catch {
      host?.forget(transfer.number)
      throw error
    }
    return parts
  }

  /// Reads an expert from the checkpoint into the device's layout.
  private func layOut(
    _ transfer: ExpertTransfer, gateUp: UnsafeMutableRawBufferPointer, down: UnsafeMutableRawBufferPointer
  ) throws {
    try transfer.weights.checkFile(of: transfer.expert)
    transfer.weights.write(transfer.expert, gateUp: gateUp, down: down)
    let bytes = transfer.weights.storedBytes(of: transfer.expert)
    locked { counted.diskToHost[transfer.weights.source.layer][transfer.phase.rawValue] += bytes }
  }
}

/// One expert's way to the device, by the host's clock.
package struct TransferRecord: Sendable {
  package let layer: Int
  package let expert: Int
  package let phase: Phase
  package let byteCount: Int
  package let begin: ContinuousClock.Instant
  package let end: ContinuousClock.Instant

  package init(
    layer: Int, expert: Int, phase: Phase, byteCount: Int, begin: ContinuousClock.Instant, end: ContinuousClock.Instant
  ) {
    self.layer = layer
    self.expert = expert
    self.phase = phase
    self.byteCount = byteCount
    self.begin = begin
    self.end = end
  }
}
