/// A call of OpenCL that failed, with the code's name and what we were doing.
///
/// Requests that cannot be right (a range outside its buffer, a wrong number of kernel arguments) are refused before the
/// driver sees them; they carry the code that the specification gives for the case and the call that was not made.
package struct OpenCLError: Error, Sendable, CustomStringConvertible, Equatable {
  /// The status as `cl_int`; always negative.
  package let code: Int32
  /// The function of the C API, such as `clBuildProgram`.
  package let call: String
  /// What we were doing: kernel and sizes, label and bytes, or the build log.
  package let context: String

  package init(code: Int32, call: String, context: String) {
    self.code = code
    self.call = call
    self.context = context
  }

  /// The name of the code in the headers, such as `CL_OUT_OF_RESOURCES`; `OpenCL error -4711` for one they do not have.
  package var symbol: String { OpenCLError.symbols[code] ?? "OpenCL error \(code)" }

  /// Whether less memory in use, or a smaller buffer, could make the same call succeed.
  package var isOutOfMemory: Bool {
    switch symbol {
    case "CL_MEM_OBJECT_ALLOCATION_FAILURE", "CL_OUT_OF_RESOURCES", "CL_OUT_OF_HOST_MEMORY", "CL_INVALID_BUFFER_SIZE":
      true
    default: false
    }
  }

  package var description: String { "\(call): \(symbol): \(context)" }
}
