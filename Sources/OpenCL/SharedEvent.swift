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

  /// Whether the command is complete. That alone orders nothing: see OpenCL 3.0, section 5.11.
  ///
  /// - Throws: what the command ended with, if it has failed.
  package func isComplete() throws(OpenCLError) -> Bool {
    let state = try state()
    guard state >= CL_COMPLETE else {
      throw OpenCLError(code: state, call: "clGetEventInfo", context: "\(label): the command failed")
    }
    return state == CL_COMPLETE
  }

  /// Whether the command has ended in an error, so that nothing can wait for it any more.
  package var hasFailed: Bool { (try? state()).map { $0 < CL_COMPLETE } ?? false }

  /// As `wait`, unless the command has failed already: then there is nothing to wait for.
  package func waitForEnd() throws(OpenCLError) {
    if !hasFailed { try wait() }
  }

  private func state() throws(OpenCLError) -> cl_int {
    var state: cl_int = CL_QUEUED
    let key = cl_event_info(CL_EVENT_COMMAND_EXECUTION_STATUS)
    try check(
      clGetEventInfo(handle.raw, key, MemoryLayout<cl_int>.size, &state, nil), "clGetEventInfo", label)
    return state
  }
}
