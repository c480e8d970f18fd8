import COpenCL

extension Queue {
  /// Queues copying host memory into a buffer. The memory must stay as it is until the event.
  package func startWriting(
    _ bytes: UnsafeRawBufferPointer, to view: BufferView, at byteOffset: Int
  ) throws(OpenCLError) -> SharedEvent {
    try view.requireRange(byteOffset, bytes.count, "clEnqueueWriteBuffer")
    guard let start = bytes.baseAddress, bytes.count > 0 else { return try mark("an empty copy") }
    var event: cl_event?
    try check(
      clEnqueueWriteBuffer(
        handle.raw, view.raw, cl_bool(CL_FALSE), byteOffset, bytes.count, start, 0, nil, &event),
      "clEnqueueWriteBuffer", view.bytes(bytes.count, at: byteOffset))
    return try shared(event, "clEnqueueWriteBuffer", "copy to buffer “\(view.label)”")
  }

  /// An event for the end of everything queued so far.
  package func mark(_ label: String) throws(OpenCLError) -> SharedEvent {
    var event: cl_event?
    try check(clEnqueueMarkerWithWaitList(handle.raw, 0, nil, &event), "clEnqueueMarkerWithWaitList", label)
    return try shared(event, "clEnqueueMarkerWithWaitList", label)
  }

  /// What is queued from now on begins after these events, which may be of other queues. Those must be flushed.
  package func hold(until events: [SharedEvent]) throws(OpenCLError) {
    guard !events.isEmpty else { return }
    let list: [cl_event?] = events.map(\.raw)
    try check(
      clEnqueueBarrierWithWaitList(handle.raw, cl_uint(list.count), list, nil), "clEnqueueBarrierWithWaitList",
      "\(list.count) events")
  }

  private func shared(
    _ event: cl_event?, _ call: StaticString, _ label: String, file: StaticString = #fileID, line: Int = #line
  ) throws(OpenCLError) -> SharedEvent {
    #if FAULTS
      let event = Faults.event(event, call, file, line)
    #endif
    guard let event else {
      throw OpenCLError(code: CL_OUT_OF_HOST_MEMORY, call: "\(call)", context: "\(label): success, but no event")
    }
    return SharedEvent(
      Handle(event, ledger: handle.ledger, release: { clReleaseEvent($0) }), label: label)
  }
}
