import COpenCL

/// The end of a command, for several to wait for: hosts, and queues of the same context.
package final class SharedEvent: Sendable {
  private let handle: Handle
  private let label: String
  private let isProfiled: Bool

  init(_ handle: consuming Handle, label: String, isProfiled: Bool) {
    self.handle = handle
    self.label = label
    self.isProfiled = isProfiled
  }

  var raw: OpaquePointer { handle.raw }

  /// Blocks until the command is complete. Its queue must have been flushed.
  package func wait() throws(OpenCLError) {
    var event: cl_event? = handle.raw
    try check(clWaitForEvents(1, &event), "clWaitForEvents", label)
  }

  /// Whether the command is complete, or has failed.
  package var isOver: Bool {
    var state: cl_int = CL_QUEUED
    let size = MemoryLayout<cl_int>.size
    let key = cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS)
    guard (try? check(clGetEventInfo(handle.raw, key, size, &state, nil), "clGetEventInfo", label)) != nil else {
      return true
    }
    return state <= CL_COMPLETE
  }

  /// The device's clock when the command began and ended, in nanoseconds; nil from a queue that does not profile. Waits.
  package var nanoseconds: Range<UInt64>? {
    get throws(OpenCLError) {
      guard isProfiled else { return nil }
      try wait()
      let start = try time(CL_PROFILING_COMMAND_START)
      return start..<max(start, try time(CL_PROFILING_COMMAND_END))
    }
  }

  private func time(_ key: Int32) throws(OpenCLError) -> UInt64 {
    var time: cl_ulong = 0
    try check(
      clGetEventProfilingInfo(handle.raw, cl_profiling_info(key), MemoryLayout<cl_ulong>.size, &time, nil),
      "clGetEventProfilingInfo", label)
    return time
  }
}
