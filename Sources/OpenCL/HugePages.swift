import Foundation
import Synchronization

/// Host memory in pages of 2 MiB, of which a CPU device's buffers are made: with pages of 4 KiB a core that streams through
/// weights looks up a page every 64 cache lines, and fetches nothing ahead across their bounds.
///
/// Pieces are cut one behind the other from mappings that the kernel is asked to back with huge pages (`madvise(2)`,
/// `MADV_HUGEPAGE`); many buffers of a model are smaller than such a page. A mapping goes with the last of its pieces.
enum HugePages {
  /// Bytes from which on a buffer is made of them.
  static let smallest = 64 << 10

  /// Memory of one buffer.
  final class Piece {
    let start: UnsafeMutableRawPointer
    private let byteCount: Int
    private let mapping: Mapping

    fileprivate init(_ mapping: Mapping, at offset: Int, byteCount: Int) {
      start = mapping.start + offset
      self.byteCount = byteCount
      self.mapping = mapping
    }

    deinit {
      #if os(Linux)
        // Other pieces of the mapping may live on.
        madvise(start, byteCount, MADV_DONTNEED)
      #endif
    }
  }

  fileprivate final class Mapping: @unchecked Sendable {
    let start: UnsafeMutableRawPointer
    let byteCount: Int
    private let mapped: UnsafeMutableRawBufferPointer

    init?(byteCount: Int) {
      let size = byteCount + page
      guard let found = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
        found != MAP_FAILED
      else { return nil }
      mapped = UnsafeMutableRawBufferPointer(start: found, count: size)
      start = found.alignedUp(toMultipleOf: page)
      self.byteCount = byteCount
      #if os(Linux)
        // Without such pages it is memory like any other.
        madvise(start, byteCount, MADV_HUGEPAGE)
      #endif
    }

    deinit { munmap(mapped.baseAddress, mapped.count) }
  }

  /// The newest mapping, which lives for its pieces, and how much of it is cut.
  private struct Rest {
    weak var mapping: Mapping?
    var begin = 0
  }

  private static let page = 2 << 20
  private static let mappingBytes = 64 << 20
  /// What drivers want of memory that they use in place.
  private static let alignment = 4096
  private static let rest = Mutex(Rest())

  /// Asks for huge pages under memory that somebody else has allocated and nobody has touched yet.
  static func advise(_ memory: UnsafeMutableRawBufferPointer) {
    #if os(Linux)
      guard let base = memory.baseAddress, memory.count >= page else { return }
      let start = base.alignedUp(toMultipleOf: alignment)
      let end = (base + memory.count).alignedDown(toMultipleOf: alignment)
      madvise(start, end - start, MADV_HUGEPAGE)
    #endif
  }

  /// Uninitialised memory, or nil if there is no room for it.
  static func piece(byteCount: Int) -> Piece? {
    let size = (byteCount + alignment - 1) / alignment * alignment
    return rest.withLock { rest in
      if let mapping = rest.mapping, rest.begin + size <= mapping.byteCount {
        defer { rest.begin += size }
        return Piece(mapping, at: rest.begin, byteCount: size)
      }
      let whole = (max(size, mappingBytes) + page - 1) / page * page
      guard let mapping = Mapping(byteCount: whole) else { return nil }
      rest = Rest(mapping: mapping, begin: size)
      return Piece(mapping, at: 0, byteCount: size)
    }
  }
}
