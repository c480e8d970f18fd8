import COpenCL

extension Queue {
  /// Queues one run of a kernel over `global` work-items.
  ///
  /// Nothing is allocated or formatted unless it fails. A global size of 0 in any dimension runs nothing.
  ///
  /// - Parameters:
  ///   - local: work-items of a work-group, each a divisor of `global`'s; nil leaves it to the driver.
  ///   - arguments: all of the kernel's, in order.
  /// - Throws: the error carries the kernel and its sizes; `CL_INVALID_KERNEL_ARGS` for a wrong number of arguments.
  package func launch<each Argument: KernelArgument>(
    _ kernel: inout Kernel, global: Extent, local: Extent?, _ arguments: repeat each Argument
  ) throws(OpenCLError) {
    try setArguments(&kernel, repeat each arguments)
    try enqueue(kernel, global, local, nil)
  }

  /// As `launch`, with an event to wait for, and to take the time from if this queue profiles.
  package func launchTimed<each Argument: KernelArgument>(
    _ kernel: inout Kernel, global: Extent, local: Extent?, _ arguments: repeat each Argument
  ) throws(OpenCLError) -> Event {
    try setArguments(&kernel, repeat each arguments)
    var event: cl_event?
    try enqueue(kernel, global, local, &event)
    #if FAULTS
      event = Faults.event(event, "clEnqueueNDRangeKernel")
    #endif
    guard let event else { return Event(nil, kernelName: kernel.name, isProfiled: isProfiling) }
    return Event(
      Handle(event, ledger: handle.ledger, release: { clReleaseEvent($0) }), kernelName: kernel.name,
      isProfiled: isProfiling)
  }

  /// As `launch`, with the arguments that the kernel was given last.
  package func launch(_ kernel: borrowing Kernel, global: Extent, local: Extent?) throws(OpenCLError) {
    try enqueue(kernel, global, local, nil)
  }

  private func setArguments<each Argument: KernelArgument>(
    _ kernel: inout Kernel, _ arguments: repeat each Argument
  ) throws(OpenCLError) {
    let expected = kernel.argumentCount
    var index = 0
    for argument in repeat each arguments {
      // Too many: only counted, for the message.
      if index < expected { try argument.set(&kernel, index) }
      index += 1
    }
    guard index == expected else {
      throw OpenCLError(
        code: CL_INVALID_KERNEL_ARGS, call: "clSetKernelArg",
        context: "kernel “\(kernel.name)” takes \(expected) arguments, \(index) given")
    }
  }

  private func enqueue(
    _ kernel: borrowing Kernel, _ global: Extent, _ local: Extent?, _ event: UnsafeMutablePointer<cl_event?>?
  ) throws(OpenCLError) {
    let smallest = local.map { min($0.x, $0.y, $0.z) } ?? 1
    guard !global.hasNegative, smallest > 0 else {
      throw OpenCLError(
        code: global.hasNegative ? CL_INVALID_GLOBAL_WORK_SIZE : CL_INVALID_WORK_GROUP_SIZE,
        call: "clEnqueueNDRangeKernel", context: Queue.launchText(kernel, global, local))
    }
    if global.isEmpty { return }
    let dimensions = cl_uint(max(global.dimensions, local?.dimensions ?? 1))
    var globalSizes = (global.x, global.y, global.z)
    var localSizes = (local?.x ?? 1, local?.y ?? 1, local?.z ?? 1)
    let raw = kernel.handle.raw
    let status = withUnsafeBytes(of: &globalSizes) { globalBytes in
      withUnsafeBytes(of: &localSizes) { localBytes in
        clEnqueueNDRangeKernel(
          handle.raw, raw, dimensions, nil, globalBytes.assumingMemoryBound(to: Int.self).baseAddress,
          local == nil ? nil : localBytes.assumingMemoryBound(to: Int.self).baseAddress, 0, nil, event)
      }
    }
    try check(status, "clEnqueueNDRangeKernel", Queue.launchText(kernel, global, local))
  }

  private static func launchText(_ kernel: borrowing Kernel, _ global: Extent, _ local: Extent?) -> String {
    "kernel “\(kernel.name)”, global \(global), local \(local.map(\.description) ?? "by the driver")"
  }
}
