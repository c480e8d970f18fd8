import COpenCL

/// An in-order queue of commands for a context's device.
///
/// What a command failed with may be told by a later call, at the latest by `finish`.
package struct Queue: ~Copyable, Sendable {
  let handle: Handle
  private let deviceName: String
  let isProfiling: Bool

  /// - Parameter profiling: whether `Event.seconds` works on this queue; some drivers run slower with it.
  package init(_ context: borrowing Context, profiling: Bool = false) throws(OpenCLError) {
    let version = OpenCLVersion(context.device.platformVersion)
    try self.init(context, profiling: profiling, byProperties: version >= OpenCLVersion(major: 2, minor: 0))
  }

  /// - Parameter byProperties: false for the call that platforms before OpenCL 2.0 have.
  package init(_ context: borrowing Context, profiling: Bool, byProperties: Bool) throws(OpenCLError) {
    let device = context.device
    let raw = context.handle.raw
    let flags = profiling ? cl_command_queue_properties(CL_QUEUE_PROFILING_ENABLE) : 0
    let queue: cl_command_queue
    if byProperties {
      let properties: [cl_queue_properties] = [cl_queue_properties(CL_QUEUE_PROPERTIES), flags, 0]
      queue = try created(
        "clCreateCommandQueueWithProperties", "device “\(device.name)”",
        { clCreateCommandQueueWithProperties(raw, device.id, properties, $0) })
    } else {
      queue = try created(
        "clCreateCommandQueue", "device “\(device.name)”", { clCreateCommandQueue(raw, device.id, flags, $0) })
    }
    handle = Handle(queue, ledger: context.ledger, release: { clReleaseCommandQueue($0) })
    deviceName = device.name
    isProfiling = profiling
  }

  /// Hands what is queued to the device, without waiting.
  package func flush() throws(OpenCLError) {
    try check(clFlush(handle.raw), "clFlush", "device “\(deviceName)”")
  }

  /// Blocks until everything that is queued is complete.
  package func finish() throws(OpenCLError) {
    try check(clFinish(handle.raw), "clFinish", "device “\(deviceName)”")
  }
}
