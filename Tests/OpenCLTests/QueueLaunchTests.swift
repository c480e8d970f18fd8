import OpenCL
import Testing

@Suite(.needsDevice)
struct QueueLaunchTests {
  private static let source = """
    __kernel void add(__global const float *a, __global const float *b, __global float *c, int n, uint bias, float scale) {
      int i = get_global_id(0);
      if (i < n) c[i] = scale * (a[i] + b[i]) + bias;
    }
    __kernel void where(__global int *out) {
      size_t x = get_global_id(0), y = get_global_id(1), z = get_global_id(2);
      out[(z * get_global_size(1) + y) * get_global_size(0) + x] = 100 * x + 10 * y + z;
    }
    """

  private static func program(_ context: borrowing Context) throws -> Program {
    try Program(context, source: source, options: TestDevice.options, label: "launch")
  }

  // Small integers and a scale of 2: every float is exact, so the sum is known without computing it on a device.
  @Test("adds vectors of odd lengths", arguments: TestDevice.all, [1, 2, 7, 63, 65, 1023, 4097])
  func vectorAdd(_ device: Device, count: Int) throws {
    let context = try Context(device)
    let queue = try Queue(context)
    let program = try QueueLaunchTests.program(context)
    var kernel = try Kernel(program, name: "add")
    let a = try Buffer(context, byteCount: 4 * count, label: "a")
    let b = try Buffer(context, byteCount: 4 * count, label: "b")
    let c = try Buffer(context, byteCount: 4 * count, label: "c")
    try queue.write((0..<count).map { Float($0) }, to: a.view)
    try queue.write((0..<count).map { Float(3 * $0) }, to: b.view)
    for local in [nil, Extent(1), Extent(16)] {
      try queue.fill(c.view, with: 0xffff_ffff, byteCount: 4 * count)
      let global = (count + 15) / 16 * 16
      try queue.launch(
        &kernel, global: Extent(global), local: local, a.view, b.view, c.view, Int32(count), UInt32(5), Float(2))
      let sums = try queue.read(c.view, count: count, as: Float.self)
      #expect(sums == (0..<count).map { Float(8 * $0 + 5) })
    }
  }

  @Test("a global size has three dimensions, x the fastest", arguments: TestDevice.all)
  func dimensions(_ device: Device) throws {
    let context = try Context(device)
    let queue = try Queue(context)
    let program = try QueueLaunchTests.program(context)
    var kernel = try Kernel(program, name: "where")
    let out = try Buffer(context, byteCount: 4 * 30, label: "out")
    try queue.launch(&kernel, global: Extent(5, 3, 2), local: Extent(5, 1, 2), out.view)
    let expected: [Int32] = [
      0, 100, 200, 300, 400, 10, 110, 210, 310, 410, 20, 120, 220, 320, 420,
      1, 101, 201, 301, 401, 11, 111, 211, 311, 411, 21, 121, 221, 321, 421,
    ]
    #expect(try queue.read(out.view, count: 30, as: Int32.self) == expected)
    try queue.launch(&kernel, global: Extent(2, 2), local: nil, out.view)
    #expect(try queue.read(out.view, count: 5, as: Int32.self) == [0, 100, 10, 110, 400])
  }

  @Test("a wrong number of arguments is refused, naming kernel, given and expected", arguments: TestDevice.all)
  func argumentCount(_ device: Device) throws {
    let context = try Context(device)
    let queue = try Queue(context)
    let program = try QueueLaunchTests.program(context)
    var kernel = try Kernel(program, name: "where")
    let out = try Buffer(context, byteCount: 4, label: "out")
    let none = try thrown { try queue.launch(&kernel, global: Extent(1), local: nil) }
    #expect(none.symbol == "CL_INVALID_KERNEL_ARGS")
    #expect(none.context == "kernel “where” takes 1 arguments, 0 given")
    let three = try thrown { try queue.launch(&kernel, global: Extent(1), local: nil, out.view, Int32(1), Float(2)) }
    #expect(three.context == "kernel “where” takes 1 arguments, 3 given")
    try queue.launch(&kernel, global: Extent(1), local: nil, out.view)
    try queue.finish()
  }

  @Test("an argument of the wrong size is refused, naming kernel and argument", arguments: TestDevice.all)
  func argumentSize(_ device: Device) throws {
    let context = try Context(device)
    let queue = try Queue(context)
    let program = try QueueLaunchTests.program(context)
    var kernel = try Kernel(program, name: "where")
    let error = try thrown { try queue.launch(&kernel, global: Extent(1), local: nil, Int32(1)) }
    #expect(error.call == "clSetKernelArg")
    #expect(error.context.contains("kernel “where”, argument 0 of 1, 4 bytes"))
  }

  @Test("a work-group that the device cannot have: the error has kernel and sizes", arguments: TestDevice.all)
  func workGroupTooLarge(_ device: Device) throws {
    let context = try Context(device)
    let queue = try Queue(context)
    let program = try QueueLaunchTests.program(context)
    var kernel = try Kernel(program, name: "where")
    let out = try Buffer(context, byteCount: 4, label: "out")
    let size = 2 * device.maxWorkGroupSize
    let error = try thrown { try queue.launch(&kernel, global: Extent(size), local: Extent(size), out.view) }
    #expect(error.call == "clEnqueueNDRangeKernel")
    #expect(error.context == "kernel “where”, global \(size)×1×1, local \(size)×1×1")
  }

  @Test(
    "negative sizes and empty work-groups are refused before the driver sees them", arguments: TestDevice.all,
    [
      (Extent(-1), nil, "CL_INVALID_GLOBAL_WORK_SIZE"), (Extent(4, -4), nil, "CL_INVALID_GLOBAL_WORK_SIZE"),
      (Extent(0, -1), nil, "CL_INVALID_GLOBAL_WORK_SIZE"), (Extent(4), Extent(0), "CL_INVALID_WORK_GROUP_SIZE"),
      (Extent(4), Extent(4, 1, -1), "CL_INVALID_WORK_GROUP_SIZE"),
    ] as [(Extent, Extent?, String)])
  func invalidSizes(_ device: Device, _ sizes: (Extent, Extent?, String)) throws {
    let context = try Context(device)
    let queue = try Queue(context)
    let program = try QueueLaunchTests.program(context)
    var kernel = try Kernel(program, name: "where")
    let out = try Buffer(context, byteCount: 4, label: "out")
    let error = try thrown { try queue.launch(&kernel, global: sizes.0, local: sizes.1, out.view) }
    #expect(error.symbol == sizes.2)
  }

  @Test("a global size of 0 runs nothing", arguments: TestDevice.all, [Extent(0), Extent(4, 0), Extent(4, 4, 0)])
  func zeroGlobal(_ device: Device, global: Extent) throws {
    let context = try Context(device)
    let queue = try Queue(context, profiling: true)
    let program = try QueueLaunchTests.program(context)
    var kernel = try Kernel(program, name: "where")
    let out = try Buffer(context, byteCount: 4, label: "out")
    try queue.fill(out.view, with: 42, byteCount: 4)
    try queue.launch(&kernel, global: global, local: nil, out.view)
    let event = try queue.launchTimed(&kernel, global: global, local: Extent(1), out.view)
    try event.wait()
    #expect(try event.seconds == 0)
    #expect(try queue.read(out.view, count: 1, as: UInt32.self) == [42])
  }

  @Test("an event waits for its launch, gives its time, and is released", arguments: TestDevice.all)
  func timed(_ device: Device) throws {
    let context = try Context(device)
    let queue = try Queue(context, profiling: true)
    let program = try QueueLaunchTests.program(context)
    var kernel = try Kernel(program, name: "where")
    let out = try Buffer(context, byteCount: 4 << 16, label: "out")
    let handles = context.ledger.liveHandles
    do {
      let event = try queue.launchTimed(&kernel, global: Extent(1 << 16), local: nil, out.view)
      #expect(context.ledger.liveHandles == handles + 1)
      try event.wait()
      #expect(try event.seconds > 0)
    }
    #expect(context.ledger.liveHandles == handles)
  }

  @Test("without profiling an event has no time, and says so", arguments: TestDevice.all)
  func notProfiled(_ device: Device) throws {
    let context = try Context(device)
    let queue = try Queue(context)
    let program = try QueueLaunchTests.program(context)
    var kernel = try Kernel(program, name: "where")
    let out = try Buffer(context, byteCount: 4, label: "out")
    let event = try queue.launchTimed(&kernel, global: Extent(1), local: nil, out.view)
    let error = try thrown { _ = try event.seconds }
    #expect(error.symbol == "CL_PROFILING_INFO_NOT_AVAILABLE")
    #expect(error.context.contains("where"))
  }

  @Test("the queue of platforms before OpenCL 2.0 works the same", arguments: TestDevice.all, [false, true])
  func oldQueue(_ device: Device, profiling: Bool) throws {
    let context = try Context(device)
    let queue = try Queue(context, profiling: profiling, byProperties: false)
    let program = try QueueLaunchTests.program(context)
    var kernel = try Kernel(program, name: "where")
    let out = try Buffer(context, byteCount: 12, label: "out")
    let event = try queue.launchTimed(&kernel, global: Extent(3), local: nil, out.view)
    try event.wait()
    #expect(try queue.read(out.view, count: 3, as: Int32.self) == [0, 100, 200])
    if profiling { #expect(try event.seconds >= 0) }
  }
}
