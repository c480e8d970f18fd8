import COpenCL

/// One `__kernel` function of a program, with the arguments set last.
///
/// Not Sendable: setting arguments is the one thing in OpenCL that two threads must not do to one object at a time.
package struct Kernel: ~Copyable {
  let handle: Handle
  let device: Device
  package let name: String
  package let argumentCount: Int

  package init(_ program: borrowing Program, name: String) throws(OpenCLError) {
    let label = program.label
    let raw = try created(
      "clCreateKernel", "kernel “\(name)” of program “\(label)”",
      { [raw = program.handle.raw] in clCreateKernel(raw, name, $0) })
    let handle = Handle(raw, ledger: program.handle.ledger, release: { clReleaseKernel($0) })
    var count: cl_uint = 0
    try check(
      clGetKernelInfo(raw, cl_kernel_info(CL_KERNEL_NUM_ARGS), MemoryLayout<cl_uint>.size, &count, nil),
      "clGetKernelInfo", "argument count of kernel “\(name)” of program “\(label)”")
    self.handle = handle
    device = program.device
    self.name = name
    argumentCount = Int(count)
  }

  /// Work-items that a work-group of this kernel can have on its device; registers and local memory limit it.
  package func maxWorkGroupSize() throws(OpenCLError) -> Int {
    try workGroupInfo(CL_KERNEL_WORK_GROUP_SIZE, "CL_KERNEL_WORK_GROUP_SIZE")
  }

  /// The number that a work-group's size should be a multiple of: the width of a wave, warp or vector.
  package func preferredWorkGroupMultiple() throws(OpenCLError) -> Int {
    try workGroupInfo(CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE, "CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE")
  }

  /// Sets one argument, for types that conform to `KernelArgument`.
  ///
  /// - Parameters:
  ///   - value: its bytes, copied by the call; nil for local memory of `byteCount` bytes.
  /// - Throws: `CL_INVALID_ARG_SIZE` and others, with kernel, argument and size.
  package mutating func setArgument(
    _ index: Int, _ value: UnsafeRawPointer?, byteCount: Int
  ) throws(OpenCLError) {
    try check(
      clSetKernelArg(handle.raw, cl_uint(truncatingIfNeeded: index), byteCount, value), "clSetKernelArg",
      "kernel “\(name)”, argument \(index) of \(argumentCount), \(byteCount) bytes")
  }

  private func workGroupInfo(_ key: Int32, _ keyName: String) throws(OpenCLError) -> Int {
    var size = 0
    try check(
      clGetKernelWorkGroupInfo(
        handle.raw, device.id, cl_kernel_work_group_info(key), MemoryLayout<Int>.size, &size, nil),
      "clGetKernelWorkGroupInfo", "\(keyName) of kernel “\(name)” on device “\(device.name)”")
    return size
  }
}

@available(*, unavailable)
extension Kernel: Sendable {}
