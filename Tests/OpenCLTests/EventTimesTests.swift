import OpenCL
import Testing

@Suite(.needsDevice)
struct EventTimesTests {
  private static let source = "__kernel void where(__global int *out) { out[get_global_id(0)] = 100; }"

  @Test(arguments: TestDevice.all)
  func aLaunchIsQueuedSubmittedStartedAndEnded(_ device: Device) throws {
    let context = try Context(device)
    let queue = try Queue(context, profiling: true)
    let program = try Program(context, source: Self.source, options: TestDevice.options, label: "where")
    var kernel = try Kernel(program, name: "where")
    let out = try Buffer(context, byteCount: 4 << 10, label: "out")
    let event = try queue.launchTimed(&kernel, global: Extent(1 << 10), local: nil, out.view)
    let times = try event.times
    #expect(times.queued <= times.submitted && times.submitted <= times.started && times.started < times.ended)
    #expect(try event.seconds == Double(times.ended - times.started) * 1e-9)
    let nothing = try queue.launchTimed(&kernel, global: Extent(0), local: nil, out.view)
    #expect(try nothing.times == EventTimes())
  }

  @Test(arguments: TestDevice.all)
  func withoutProfilingThereAreNone(_ device: Device) throws {
    let context = try Context(device)
    let queue = try Queue(context)
    let program = try Program(context, source: Self.source, options: TestDevice.options, label: "where")
    var kernel = try Kernel(program, name: "where")
    let out = try Buffer(context, byteCount: 4, label: "out")
    let event = try queue.launchTimed(&kernel, global: Extent(1), local: nil, out.view)
    let error = try thrown { _ = try event.times }
    #expect(error.symbol == "CL_PROFILING_INFO_NOT_AVAILABLE")
  }

  @Test(arguments: TestDevice.all)
  func aMappingForReadingShowsWhatIsThere(_ device: Device) throws {
    let context = try Context(device)
    let queue = try Queue(context)
    let buffer = try Buffer(context, byteCount: 4096, label: "buffer")
    let values = (0..<4096).map { UInt8($0 % 251) }
    try queue.write(values, to: buffer.view)
    try queue.withMapped(buffer.view, at: 10, byteCount: 20, for: .read) { bytes in
      #expect((0..<20).allSatisfy { bytes[$0] == UInt8($0 + 10) })
    }
    // Unmapping is a command like others.
    try queue.finish()
    #expect(try buffer.view.mapCount() == 0)
  }
}
