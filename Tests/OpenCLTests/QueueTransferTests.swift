import OpenCL
import Testing

@Suite(.needsDevice)
struct QueueTransferTests {
  private struct Setup: ~Copyable {
    let queue: Queue
    let buffer: Buffer
    let other: Buffer

    /// Two buffers of 16 bytes: 0…15 and all 0xEE.
    init(_ device: Device) throws {
      let context = try Context(device)
      let queue = try Queue(context)
      let buffer = try Buffer(context, byteCount: 16, label: "first")
      let other = try Buffer(context, byteCount: 16, label: "second")
      try queue.write([UInt8](0..<16), to: buffer.view)
      try queue.fill(other.view, with: 0xeeee_eeee, byteCount: 16)
      self.queue = queue
      self.buffer = buffer
      self.other = other
    }

    func bytes(_ view: BufferView) throws -> [UInt8] { try queue.read(view, count: view.byteCount) }
  }

  @Test("writes and reads parts", arguments: TestDevice.all)
  func parts(_ device: Device) throws {
    let setup = try Setup(device)
    try [UInt8]([200, 201, 202]).withUnsafeBytes { try setup.queue.write($0, to: setup.buffer.view, at: 13) }
    #expect(try setup.bytes(setup.buffer.view) == [UInt8](0..<13) + [200, 201, 202])
    var part = [UInt8](repeating: 0, count: 4)
    try part.withUnsafeMutableBytes { try setup.queue.read(setup.buffer.view, at: 11, into: $0) }
    #expect(part == [11, 12, 200, 201])
  }

  @Test(
    "a range that is not inside the buffer is refused, and nothing is touched", arguments: TestDevice.all,
    [(0, 17), (1, 16), (16, 1), (17, 0), (-1, 1), (-1, 0), (Int.max, 1), (Int.min, 4)])
  func outOfRange(_ device: Device, _ range: (offset: Int, count: Int)) throws {
    let setup = try Setup(device)
    let (offset, count) = range
    var host = [UInt8](repeating: 0xaa, count: count)
    let view = setup.buffer.view
    let write = try thrown { try host.withUnsafeBytes { try setup.queue.write($0, to: view, at: offset) } }
    #expect(write.symbol == "CL_INVALID_VALUE")
    #expect(write.context == "\(count) bytes at offset \(offset) are not inside buffer “first” of 16 bytes")
    _ = try thrown { try host.withUnsafeMutableBytes { try setup.queue.read(view, at: offset, into: $0) } }
    _ = try thrown { try setup.queue.fill(view, with: 0, at: offset, byteCount: count) }
    _ = try thrown { try setup.queue.copy(setup.other.view, at: 0, to: view, at: offset, byteCount: count) }
    _ = try thrown { try setup.queue.copy(view, at: offset, to: setup.other.view, at: 0, byteCount: count) }
    _ = try thrown {
      try setup.queue.withMapped(view, at: offset, byteCount: count) { _ in _ = Issue.record("mapped") }
    }
    #expect(host.allSatisfy { $0 == 0xaa })
    #expect(try setup.bytes(view) == [UInt8](0..<16))
    #expect(try setup.bytes(setup.other.view) == [UInt8](repeating: 0xee, count: 16))
  }

  @Test("a negative count is refused", arguments: TestDevice.all)
  func negativeCount(_ device: Device) throws {
    let setup = try Setup(device)
    let view = setup.buffer.view
    _ = try thrown { try setup.queue.fill(view, with: 0, at: 8, byteCount: -4) }
    _ = try thrown { try setup.queue.copy(view, at: 8, to: setup.other.view, at: 8, byteCount: -4) }
    _ = try thrown { try setup.queue.withMapped(view, at: 8, byteCount: -4) { _ in _ = Issue.record("mapped") } }
  }

  @Test("copies between buffers and inside one", arguments: TestDevice.all)
  func copies(_ device: Device) throws {
    let setup = try Setup(device)
    let (first, second) = (setup.buffer.view, setup.other.view)
    try setup.queue.copy(first, at: 3, to: second, at: 9, byteCount: 7)
    #expect(try setup.bytes(second) == [UInt8](repeating: 0xee, count: 9) + [3, 4, 5, 6, 7, 8, 9])
    try setup.queue.copy(first, at: 0, to: first, at: 8, byteCount: 8)
    #expect(try setup.bytes(first) == [UInt8](0..<8) + [UInt8](0..<8))
    try setup.queue.copy(first, at: 16, to: second, at: 0, byteCount: 0)
    let error = try thrown { try setup.queue.copy(first, at: 0, to: first, at: 4, byteCount: 5) }
    #expect(error.symbol == "CL_MEM_COPY_OVERLAP")
  }

  @Test("fills words, little end first where the device is so", arguments: TestDevice.all)
  func fills(_ device: Device) throws {
    let setup = try Setup(device)
    let view = setup.buffer.view
    try setup.queue.fill(view, with: 0x0403_0201, at: 4, byteCount: 8)
    try setup.queue.fill(view, with: 9, at: 16, byteCount: 0)
    let word: [UInt8] = device.isLittleEndian ? [1, 2, 3, 4] : [4, 3, 2, 1]
    #expect(try setup.bytes(view) == [UInt8](0..<4) + word + word + [UInt8](12..<16))
    #expect(try thrown { try setup.queue.fill(view, with: 0, at: 2, byteCount: 4) }.context.contains("multiples of 4"))
    #expect(try thrown { try setup.queue.fill(view, with: 0, at: 4, byteCount: 6) }.context.contains("multiples of 4"))
  }

  @Test("mapping shows what is there and keeps what is written", arguments: TestDevice.all)
  func mapping(_ device: Device) throws {
    let setup = try Setup(device)
    let view = setup.buffer.view
    let seen = try setup.queue.withMapped(view, at: 4, byteCount: 8) { bytes throws in
      let seen = Array(bytes)
      let mapped = try view.mapCount()
      #expect(mapped == 1)
      bytes[0] = 100
      bytes[7] = 107
      return seen
    }
    try setup.queue.finish()
    #expect(try view.mapCount() == 0)
    #expect(seen == [UInt8](4..<12))
    #expect(try setup.bytes(view) == [0, 1, 2, 3, 100, 5, 6, 7, 8, 9, 10, 107, 12, 13, 14, 15])
    #expect(try setup.queue.withMapped(view, at: 16, byteCount: 0) { $0.count } == 0)
  }

  @Test("mapping passes on what the body throws, after unmapping", arguments: TestDevice.all)
  func mappingThrows(_ device: Device) throws {
    struct Stop: Error {}
    let setup = try Setup(device)
    let view = setup.buffer.view
    #expect(throws: Stop.self) {
      try setup.queue.withMapped(view, byteCount: 16) { bytes in
        bytes[15] = 99
        throw Stop()
      }
    }
    try setup.queue.finish()
    #expect(try view.mapCount() == 0)
    #expect(try setup.bytes(view) == [UInt8](0..<15) + [99])
    try setup.queue.write([UInt8(55)], to: view)
    try setup.queue.finish()
    #expect(try setup.bytes(view)[0] == 55)
  }

  @Test("transfers and launches in one queue happen in the order they were queued", arguments: TestDevice.all)
  func order(_ device: Device) throws {
    let context = try Context(device)
    let queue = try Queue(context)
    let program = try Program(
      context, source: "__kernel void advance(__global uint *a) { a[0] = 2 * a[0] + 1; }", options: TestDevice.options,
      label: "advance")
    var kernel = try Kernel(program, name: "advance")
    let a = try Buffer(context, byteCount: 8, label: "a")
    try queue.fill(a.view, with: 1, byteCount: 8)
    for _ in 0..<10 { try queue.launch(&kernel, global: Extent(1), local: nil, a.view) }
    try queue.copy(a.view, at: 0, to: a.view, at: 4, byteCount: 4)
    try queue.launch(&kernel, global: Extent(1), local: nil, a.view)
    try queue.flush()
    // 1 → 2^(n+1) − 1 after n steps.
    #expect(try queue.read(a.view, count: 2, as: UInt32.self) == [4095, 2047])
  }
}
