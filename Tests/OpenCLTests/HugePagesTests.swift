import Foundation
import Testing

@testable import OpenCL

struct HugePagesTests {
  @Test func piecesLieApart() throws {
    var random = SystemRandomNumberGenerator()
    let sizes = (0..<40).map { _ in Int.random(in: 1...(3 << 20), using: &random) }
    var pieces: [(piece: HugePages.Piece, size: Int)] = []
    for (index, size) in sizes.enumerated() {
      let piece = try #require(HugePages.piece(byteCount: size), "\(sizes)")
      #expect(Int(bitPattern: piece.start) % 4096 == 0, "\(sizes)")
      memset(piece.start, Int32(index), size)
      pieces.append((piece, size))
      // Some go in between: what others hold stays.
      if index % 3 == 2 { pieces.remove(at: index / 3) }
    }
    for (piece, size) in pieces {
      let bytes = UnsafeRawBufferPointer(start: piece.start, count: size)
      #expect(bytes.allSatisfy { $0 == bytes[0] }, "\(sizes)")
    }
  }

  #if os(Linux)
    /// `hg` in /proc/self/smaps: the kernel was asked for huge pages (proc(5)).
    @Test func theKernelIsAskedForHugePages() throws {
      let piece = try #require(HugePages.piece(byteCount: 4 << 20))
      memset(piece.start, 1, 4 << 20)
      guard let smaps = try smaps() else { return }
      #expect(try #require(flags(of: piece.start, in: smaps)).contains("hg"))
    }

    @Test func aMappingGoesWithItsLastPiece() throws {
      // Other threads may map the same addresses at once, but hardly each time.
      let hasGone = try (0..<20).contains { _ in
        // Larger than what is left of any other mapping.
        var piece = HugePages.piece(byteCount: 65 << 20)
        let address = try #require(piece).start
        guard let before = try smaps() else { return true }
        #expect(flags(of: address, in: before)?.contains("hg") == true)
        piece = nil
        return flags(of: address, in: try #require(try smaps()))?.contains("hg") != true
      }
      #expect(hasGone)
    }

    /// Nil where the kernel has none. It comes page by page, which a file's own reading takes for its end.
    private func smaps() throws -> String? {
      try FileHandle(forReadingAtPath: "/proc/self/smaps")?.readToEnd().map { String(decoding: $0, as: UTF8.self) }
    }

    /// Of the mapping with this address; nil if there is none.
    private func flags(of address: UnsafeMutableRawPointer, in smaps: String) -> [Substring]? {
      let place = UInt(bitPattern: address)
      var isInside = false
      for line in smaps.split(separator: "\n") {
        let range = line.prefix { $0 != " " }.split(separator: "-").map { UInt($0, radix: 16) }
        if range.count == 2, let first = range[0], let end = range[1] {
          isInside = (first..<end).contains(place)
        } else if isInside, line.hasPrefix("VmFlags:") {
          return line.dropFirst("VmFlags:".count).split(separator: " ")
        }
      }
      return nil
    }
  #endif
}
