import Backend
import OpenCL
import Testing

@testable import OpenCLBackend

@Suite(.enabled(if: !devices.isEmpty, "needs an OpenCL device"))
struct HostExpertsTests {
  private static let mebibyte = 1 << 20

  private func experts(capacity: Int) throws -> HostExperts {
    HostExperts(DeviceContext(try Context(devices[0])), capacity: capacity, isPinned: false)
  }

  /// Experts of 40 MiB: what is taken from the system is what they need, whatever the size of a chunk.
  @Test func noMoreIsTakenThanTheCapacity() throws {
    let size = 40 * Self.mebibyte
    let host = try experts(capacity: 4 * size + 1)
    for number in 0..<4 { #expect(host.reserve(number, byteCount: size)?.count == size) }
    #expect(host.reserve(4, byteCount: size) == nil)
    #expect(host.allocatedBytes == 4 * size)
  }

  /// Small ones share a chunk, and the last chunk is as large as what is left.
  @Test func smallExpertsShareAChunk() throws {
    let size = 5 * Self.mebibyte
    let host = try experts(capacity: 14 * size)
    for number in 0..<13 {
      #expect(host.reserve(number, byteCount: size) != nil)
      #expect(host.allocatedBytes == (number < 12 ? 12 : 14) * size)
    }
  }

  /// An expert that could not be read takes no room: it can be tried again and again.
  @Test func whatIsForgottenGivesItsRoomBack() throws {
    let host = try experts(capacity: 3000)
    let first = try #require(host.reserve(0, byteCount: 1000))
    for _ in 0..<10 {
      let bytes = try #require(host.reserve(1, byteCount: 1000))
      #expect(bytes.baseAddress == first.baseAddress.map { $0 + 1000 })
      host.forget(1)
      #expect(host.bytes(of: 1) == nil)
    }
    #expect(host.reserve(1, byteCount: 1000) != nil && host.reserve(2, byteCount: 1000) != nil)
    #expect(host.reserve(3, byteCount: 1000) == nil && host.allocatedBytes == 3000)
  }
}
