import COpenCL

/// One installed driver, as the ICD loader lists them.
///
/// `@unchecked Sendable`: platform ids are constants of the process and are never released.
package struct Platform: @unchecked Sendable {
  let id: cl_platform_id
  package let name: String
  package let vendor: String
  /// Such as `OpenCL 3.0 PoCL 3.1`.
  package let version: String
  package let extensions: Set<String>

  private init(_ id: cl_platform_id) {
    func ask(_ key: Int32) -> String {
      let answer = try? infoBytes(
        "clGetPlatformInfo", "key \(key)", { clGetPlatformInfo(id, cl_platform_info(key), $0, $1, $2) })
      return answer.map { text($0) } ?? ""
    }
    self.id = id
    name = ask(CL_PLATFORM_NAME)
    vendor = ask(CL_PLATFORM_VENDOR)
    version = ask(CL_PLATFORM_VERSION)
    extensions = Set(ask(CL_PLATFORM_EXTENSIONS).split(separator: " ").map(String.init))
  }

  /// Every platform in the loader's order; none when no driver is installed.
  package static func all() throws(OpenCLError) -> [Platform] {
    let context = "listing the platforms"
    var count: cl_uint = 0
    let status = clGetPlatformIDs(0, nil, &count)
    if status == CL_PLATFORM_NOT_FOUND_KHR { return [] }
    try check(status, "clGetPlatformIDs", context)
    guard count > 0 else { return [] }
    var ids = [cl_platform_id?](repeating: nil, count: Int(count))
    try check(clGetPlatformIDs(count, &ids, nil), "clGetPlatformIDs", context)
    return ids.compactMap { $0.map(Platform.init) }
  }

  /// Every device of this platform, in the driver's order; none is not an error.
  package func devices() throws(OpenCLError) -> [Device] {
    let context = "listing the devices of platform “\(name)”"
    let type = cl_device_type(CL_DEVICE_TYPE_ALL)
    var count: cl_uint = 0
    let status = clGetDeviceIDs(id, type, 0, nil, &count)
    if status == CL_DEVICE_NOT_FOUND { return [] }
    try check(status, "clGetDeviceIDs", context)
    guard count > 0 else { return [] }
    var ids = [cl_device_id?](repeating: nil, count: Int(count))
    try check(clGetDeviceIDs(id, type, count, &ids, nil), "clGetDeviceIDs", context)
    return ids.compactMap { id in id.map { Device($0, platform: self) } }
  }
}
