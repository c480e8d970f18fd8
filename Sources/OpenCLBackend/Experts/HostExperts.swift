import Backend
import Foundation
import OpenCL

/// Experts in host memory, in the device's layout, pinned where that speeds up copies; used by the streamer's thread alone.
///
/// What has come stays, until the memory is used up; whatever comes then is laid out anew each time.
final class HostExperts {
  private let context: DeviceContext
  private let isPinned: Bool
  private let capacity: Int
  private var used = 0
  /// By number.
  private var held: [Int: UnsafeMutableRawBufferPointer] = [:]
  private var chunks: [Chunk] = []
  private var room = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  private enum Chunk {
    case pinned(PinnedMemory)
    case plain(OwnedMemory)

    var bytes: UnsafeMutableRawBufferPointer {
      switch self {
      case .pinned(let memory): memory.bytes
      case .plain(let memory): memory.bytes
      }
    }
  }

  init(_ context: DeviceContext, capacity: Int, isPinned: Bool) {
    self.context = context
    self.capacity = capacity
    self.isPinned = isPinned
  }

  /// The copy of an expert, if there is one.
  func bytes(of number: Int) -> UnsafeMutableRawBufferPointer? { held[number] }

  /// Room for an expert's copy, which is kept; nil if there is none.
  func reserve(_ number: Int, byteCount: Int) -> UnsafeMutableRawBufferPointer? {
    guard used + byteCount <= capacity else { return nil }
    if room.count < byteCount, !grow(byteCount) { return nil }
    let bytes = UnsafeMutableRawBufferPointer(rebasing: room[..<byteCount])
    room = UnsafeMutableRawBufferPointer(rebasing: room[byteCount...])
    used += byteCount
    held[number] = bytes
    return bytes
  }

  /// Gives the room back that was reserved last.
  func forget(_ number: Int) {
    guard let bytes = held.removeValue(forKey: number), let start = bytes.baseAddress else { return }
    used -= bytes.count
    room = UnsafeMutableRawBufferPointer(start: start, count: bytes.count + room.count)
  }

  /// What it has taken from the system, whether or not there are experts in it.
  var allocatedBytes: Int { chunks.reduce(0) { $0 + $1.bytes.count } }

  /// A chunk for one expert of `byteCount` bytes or, of small ones, several; false if the system has none.
  private func grow(_ byteCount: Int) -> Bool {
    let size = max(1, min(Self.chunkBytes, capacity - used) / byteCount) * byteCount
    let chunk: Chunk
    if isPinned {
      guard let memory = try? PinnedMemory(context.context, byteCount: size, label: "experts") else { return false }
      chunk = .pinned(memory)
    } else {
      chunk = .plain(OwnedMemory(byteCount: size))
    }
    chunks.append(chunk)
    room = chunk.bytes
    return true
  }

  private static let chunkBytes = 64 << 20

  /// Bytes of host memory that nobody uses, as the system estimates them.
  static var availableBytes: Int {
    let lines = (try? String(contentsOfFile: "/proc/meminfo", encoding: .utf8))?.split(separator: "\n") ?? []
    let line = lines.first { $0.hasPrefix("MemAvailable:") }
    let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
    return kibibytes.map { $0 << 10 } ?? Int(ProcessInfo.processInfo.physicalMemory / 2)
  }
}
