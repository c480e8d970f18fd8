import COpenCL

extension Kernel {
  /// Lanes of the largest subgroup, in work-groups of the size that the kernel was compiled for, 0 where the driver does not
  /// tell; nil where it was compiled for any size.
  package var subgroupSize: Int? {
    guard let group = try? compiledGroup(), group[0] > 0 else { return nil }
    return device.subgroupQuery.flatMap { try? subgroupSize(in: group, by: $0) } ?? 0
  }

  /// The work-groups that the kernel was compiled for, zeros for any size.
  private func compiledGroup() throws(OpenCLError) -> [Int] {
    var group = [0, 0, 0]
    try check(
      clGetKernelWorkGroupInfo(
        handle.raw, device.id, cl_kernel_work_group_info(CL_KERNEL_COMPILE_WORK_GROUP_SIZE),
        group.count * MemoryLayout<Int>.size, &group, nil),
      "clGetKernelWorkGroupInfo", "CL_KERNEL_COMPILE_WORK_GROUP_SIZE of kernel “\(name)” on device “\(device.name)”")
    return group
  }

  private func subgroupSize(in group: [Int], by query: Device.SubgroupQuery) throws(OpenCLError) -> Int {
    var size = 0
    try check(
      query(
        handle.raw, device.id, cl_kernel_sub_group_info(CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE),
        group.count * MemoryLayout<Int>.size, group, MemoryLayout<Int>.size, &size, nil),
      "clGetKernelSubGroupInfo", "kernel “\(name)” on device “\(device.name)”")
    return size
  }
}

extension Device {
  fileprivate typealias SubgroupQuery =
    @convention(c) (
      cl_kernel?, cl_device_id?, cl_kernel_sub_group_info, Int, UnsafeRawPointer?, Int, UnsafeMutableRawPointer?,
      UnsafeMutablePointer<Int>?
    ) -> cl_int

  /// `clGetKernelSubGroupInfo`: a driver has it from OpenCL 2.1 on, and before as an extension's function.
  fileprivate var subgroupQuery: SubgroupQuery? {
    if OpenCLVersion(version) >= OpenCLVersion(major: 2, minor: 1) { return clGetKernelSubGroupInfo }
    let function = clGetExtensionFunctionAddressForPlatform(platformID, "clGetKernelSubGroupInfoKHR")
    return function.map { unsafeBitCast($0, to: SubgroupQuery.self) }
  }
}
