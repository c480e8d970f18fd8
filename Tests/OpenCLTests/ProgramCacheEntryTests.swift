import OpenCL
import Testing

struct ProgramCacheEntryTests {
  private static let key = Array("driver 3\n1.0\nsource 12\n__kernel foo\n".utf8)
  private static let binary = (0..<97).map { UInt8(truncatingIfNeeded: $0 * 37) }
  private static let entry = ProgramCacheEntry.encode(key: key, binary: binary)

  @Test func roundTrip() {
    #expect(ProgramCacheEntry.decode(Self.entry, key: Self.key) == Self.binary)
    let empty = ProgramCacheEntry.encode(key: [], binary: [])
    #expect(ProgramCacheEntry.decode(empty, key: []) == [])
  }

  @Test("the layout is the documented one")
  func layout() {
    #expect(Self.entry.count == 8 + 4 + 8 + Self.key.count + 8 + Self.binary.count + 8)
    let start = Array("STRATACL".utf8) + [1, 0, 0, 0, UInt8(Self.key.count), 0, 0, 0, 0, 0, 0, 0]
    #expect(Array(Self.entry.prefix(20)) == start)
  }

  @Test("a change of any bit of any byte is noticed")
  func flips() {
    for place in Self.entry.indices {
      for bit in 0..<8 {
        var damaged = Self.entry
        damaged[place] ^= 1 << bit
        #expect(ProgramCacheEntry.decode(damaged, key: Self.key) == nil, "byte \(place), bit \(bit)")
      }
    }
  }

  @Test("every truncation and every longer file is noticed")
  func lengths() {
    for count in Self.entry.indices {
      #expect(ProgramCacheEntry.decode(Array(Self.entry.prefix(count)), key: Self.key) == nil, "\(count) bytes")
      #expect(ProgramCacheEntry.decode(Array(Self.entry.suffix(count)), key: Self.key) == nil, "last \(count) bytes")
    }
    #expect(ProgramCacheEntry.decode(Self.entry + [0], key: Self.key) == nil)
    #expect(ProgramCacheEntry.decode(Self.entry + Self.entry, key: Self.key) == nil)
  }

  @Test("a whole entry of another key is not taken")
  func otherKey() {
    for key in [[], Self.key.dropLast(), Self.key + [0], Self.key.reversed()] as [[UInt8]] {
      #expect(ProgramCacheEntry.decode(Self.entry, key: key) == nil)
    }
  }

  @Test("a count as large as 64 bits hold does not trap")
  func hugeCounts() {
    var entry = Self.entry
    for place in 12..<20 { entry[place] = 0xff }
    #expect(ProgramCacheEntry.decode(entry, key: Self.key) == nil)
    entry = Self.entry
    for place in (20 + Self.key.count)..<(28 + Self.key.count) { entry[place] = 0xff }
    #expect(ProgramCacheEntry.decode(entry, key: Self.key) == nil)
  }

  @Test("keys differ when text moves between options and source", .needsDevice)
  func keysAreUnambiguous() throws {
    let device = try #require(TestDevice.all.first)
    let keys = [("a", "bc"), ("ab", "c"), ("abc", ""), ("", "abc"), ("a\nsource 1\n", "b")]
      .map { ProgramCacheEntry.key(device: device, source: $0.1, options: $0.0) }
    #expect(Set(keys).count == keys.count)
  }
}
