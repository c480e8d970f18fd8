import COpenCL

/// The end of one launch, and with a profiling queue its time on the device.
package struct Event: ~Copyable, Sendable {
  /// Nil for a launch of nothing, which is complete from the start.
  private let handle: Handle?
  private let kernelName: String
  private let isProfiled: Bool

  init(_ handle: consuming Handle?, kernelName: String, isProfiled: Bool) {
    self.handle = handle
    self.isProfiled = isProfiled
    self.kernelName = kernelName
  }

  /// Blocks until the launch is complete; also submits what its queue still holds.
  package func wait() throws(OpenCLError) {
    guard let raw else { return }
    var event: cl_event? = raw
    try check(clWaitForEvents(1, &event), "clWaitForEvents", "kernel “\(kernelName)”")
  }

  /// Seconds from the kernel's start to its end, by the device's clock; waits for the end. 0 for a launch of nothing.
  ///
  /// - Throws: `CL_PROFILING_INFO_NOT_AVAILABLE` from a queue made without `profiling`.
  package var seconds: Double {
    get throws(OpenCLError) {
      guard let raw else { return 0 }
      try requireProfile()
      try wait()
      let start = try nanoseconds(raw, CL_PROFILING_COMMAND_START, "CL_PROFILING_COMMAND_START")
      let end = try nanoseconds(raw, CL_PROFILING_COMMAND_END, "CL_PROFILING_COMMAND_END")
      return end > start ? Double(end - start) * 1e-9 : 0
    }
  }

  /// When the driver and the device came to the command; waits for its end. All 0 for a launch of nothing.
  ///
  /// - Throws: `CL_PROFILING_INFO_NOT_AVAILABLE` from a queue made without `profiling`.
  package var times: EventTimes {
    get throws(OpenCLError) {
      guard let raw else { return EventTimes() }
      try requireProfile()
      try wait()
      return EventTimes(
        queued: try nanoseconds(raw, CL_PROFILING_COMMAND_QUEUED, "CL_PROFILING_COMMAND_QUEUED"),
        submitted: try nanoseconds(raw, CL_PROFILING_COMMAND_SUBMIT, "CL_PROFILING_COMMAND_SUBMIT"),
        started: try nanoseconds(raw, CL_PROFILING_COMMAND_START, "CL_PROFILING_COMMAND_START"),
        ended: try nanoseconds(raw, CL_PROFILING_COMMAND_END, "CL_PROFILING_COMMAND_END"))
    }
  }

  private func requireProfile() throws(OpenCLError) {
    guard isProfiled else {
      throw OpenCLError(
        code: CL_PROFILING_INFO_NOT_AVAILABLE, call: "clGetEventProfilingInfo",
        context: "kernel “\(kernelName)”: its queue was made without profiling")
    }
  }

  private var raw: cl_event? {
    switch handle {
    case .some(let handle): handle.raw
    case .none: nil
    }
  }

  private func nanoseconds(_ event: cl_event, _ key: Int32, _ keyName: String) throws(OpenCLError) -> UInt64 {
    var time: cl_ulong = 0
    try check(
      clGetEventProfilingInfo(event, cl_profiling_info(key), MemoryLayout<cl_ulong>.size, &time, nil),
      "clGetEventProfilingInfo", "\(keyName) of kernel “\(kernelName)”")
    return time
  }
}
