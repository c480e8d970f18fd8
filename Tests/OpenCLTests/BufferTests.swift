import OpenCL
import Testing

@Suite(.needsDevice)
struct BufferTests {
  @Test("an error for a buffer above the device's limit names label, bytes and limit", arguments: TestDevice.all)
  func tooLarge(_ device: Device) throws {
    let context = try Context(device)
    let size = device.maxAllocation + 1
    let error = try thrown { _ = try Buffer(context, byteCount: size, label: "experts.down") }
    #expect(error.symbol == "CL_INVALID_BUFFER_SIZE")
    #expect(error.isOutOfMemory)
    #expect(error.call == "clCreateBuffer")
    #expect(error.context.contains("experts.down"))
    #expect(error.context.contains("\(size)"))
    #expect(error.context.contains("\(device.maxAllocation) bytes in one buffer"))
    #expect(context.ledger.liveHandles == 1)
  }

  @Test("a limit refuses what would exceed it, and says what it was for", arguments: TestDevice.all)
  func limit(_ device: Device) throws {
    let context = try Context(device)
    context.ledger.limit = 1000
    let first = try Buffer(context, byteCount: 600, label: "first")
    let error = try thrown { _ = try Buffer(context, byteCount: 401, label: "second") }
    #expect(error.symbol == "CL_MEM_OBJECT_ALLOCATION_FAILURE")
    #expect(error.context.contains("buffer “second” of 401 bytes"))
    #expect(error.context.contains("600 bytes are in use, and 1000 may be"))
    #expect(try Buffer(context, byteCount: 400, label: "second").byteCount == 400)
    #expect(context.ledger.liveBytes == first.byteCount)
  }

  @Test(arguments: TestDevice.all)
  func negativeSize(_ device: Device) throws {
    let context = try Context(device)
    let error = try thrown { _ = try Buffer(context, byteCount: -1, label: "x") }
    #expect(error.symbol == "CL_INVALID_BUFFER_SIZE")
    #expect(error.context.contains("negative"))
  }

  @Test("a buffer made from bytes has its own copy of them", arguments: TestDevice.all, [1, 3, 4, 1000])
  func copying(_ device: Device, count: Int) throws {
    let context = try Context(device)
    let queue = try Queue(context)
    var values = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + 1) }
    let expected = values
    let buffer = try values.withUnsafeBytes { try Boxed(Buffer(context, copying: $0, label: "copy")) }
    for index in values.indices { values[index] = 0 }
    #expect(try queue.read(buffer.value.view, count: count, as: UInt8.self) == expected)
    #expect(throws: OpenCLError.self) {
      try queue.write([UInt8](repeating: 0, count: count + 1), to: buffer.value.view)
    }
  }

  @Test("no bytes to copy make an empty buffer", arguments: TestDevice.all)
  func copyingNothing(_ device: Device) throws {
    let context = try Context(device)
    let buffer = try Buffer(context, copying: UnsafeRawBufferPointer(start: nil, count: 0), label: "nothing")
    #expect(buffer.byteCount == 0)
  }

  @Test("a buffer of 0 bytes exists, is a kernel argument, and takes no bytes", arguments: TestDevice.all)
  func empty(_ device: Device) throws {
    let context = try Context(device)
    let queue = try Queue(context)
    let buffer = try Buffer(context, byteCount: 0, label: "nothing")
    #expect(buffer.byteCount == 0)
    #expect(buffer.view.byteCount == 0)
    try queue.write([UInt8](), to: buffer.view)
    #expect(throws: OpenCLError.self) { try queue.write([UInt8(1)], to: buffer.view) }
    let program = try Program(
      context, source: "__kernel void touch(__global int *a, int n) { if (get_global_id(0) < n) a[0] = 1; }",
      options: TestDevice.options, label: "touch")
    var kernel = try Kernel(program, name: "touch")
    try queue.launch(&kernel, global: Extent(4), local: nil, buffer.view, Int32(0))
    try queue.finish()
  }

  @Test("the ledger counts bytes and handles, and keeps the peak", arguments: TestDevice.all)
  func ledger(_ device: Device) throws {
    let ledger = try countsWhileAlive(device)
    #expect(ledger.liveHandles == 0)
    #expect(ledger.liveBytes == 0)
    #expect(ledger.peakBytes == 1500)
  }

  private func countsWhileAlive(_ device: Device) throws -> AllocationLedger {
    let context = try Context(device)
    let ledger = context.ledger
    #expect(ledger.liveHandles == 1)
    let large = try Buffer(context, byteCount: 1000, label: "large")
    do {
      let small = try Buffer(context, byteCount: 500, label: "small")
      #expect(ledger.liveBytes == 1500)
      #expect(ledger.liveHandles == 3)
      #expect(small.label == "small")
    }
    #expect(ledger.liveBytes == 1000)
    #expect(ledger.liveHandles == 2)
    #expect(large.byteCount == 1000)
    return ledger
  }
}

/// Carries a noncopyable value out of a closure.
private final class Boxed {
  let value: Buffer

  init(_ value: consuming Buffer) { self.value = value }
}
