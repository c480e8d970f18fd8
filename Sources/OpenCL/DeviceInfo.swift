import COpenCL

/// Asks a device one thing at a time; what it does not know becomes a neutral value, as `Device` documents.
struct DeviceInfo {
  let id: cl_device_id

  /// The text of an answer, or `""`.
  func string(_ key: Int32) -> String { bytes(key).map { text($0) } ?? "" }

  /// Every integer of an answer, or none. Values above `Int.max` become `Int.max`.
  func numbers<Element: FixedWidthInteger>(_ key: Int32, as type: Element.Type) -> [Int] {
    guard let bytes = bytes(key), let values = integers(bytes, as: type) else { return [] }
    return values.map { Int(clamping: $0) }
  }

  /// The integer of an answer, or 0; also 0 where the answer is not of the width that the specification gives it.
  func number<Element: FixedWidthInteger>(_ key: Int32, as type: Element.Type) -> Int {
    let values = numbers(key, as: type)
    return values.count == 1 ? values[0] : 0
  }

  /// Whether an answer is `CL_TRUE`.
  func flag(_ key: Int32) -> Bool { number(key, as: cl_bool.self) != 0 }

  private func bytes(_ key: Int32) -> [UInt8]? {
    try? infoBytes("clGetDeviceInfo", "key \(key)", { clGetDeviceInfo(id, cl_device_info(key), $0, $1, $2) })
  }
}
