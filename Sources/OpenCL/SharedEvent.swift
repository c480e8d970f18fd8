import COpenCL

/// The end of a command, for several to wait for: hosts, and queues of the same context.
package final class SharedEvent: Sendable {
  private let handle: Handle
  private let label: String

  init(_ handle: consuming Handle, label: String) {
    self.handle = handle
    self.label = label
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
}
