import COpenCL

extension Kernel {
  /// Lanes of the largest subgroup, in work-groups of the size that the kernel was compiled for, 0 where the driver does not
  /// tell; nil where it was compiled for any size.
  package var subgroupSize: Int? {
    var group = [0, 0, 0]
    let bytes = group.count * MemoryLayout<Int>.size
    let status = clGetKernelWorkGroupInfo(
      handle.raw, device.id, cl_kernel_work_group_info(CL_KERNEL_COMPILE_WORK_GROUP_SIZE), bytes, &group, nil)
    guard status == CL_SUCCESS, group[0] > 0 else { return nil }
    guard let query = device.subgroupQuery else { return 0 }
    var size = 0
    let answer = query(
      handle.raw, device.id, cl_kernel_sub_group_info(CL_KERNEL_MAX_SUB_GROUP_SIZE_FOR_NDRANGE), bytes, group,
      MemoryLayout<Int>.size, &size, nil)
    return answer == CL_SUCCESS ? size : 0
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
