import OpenCL

/// A kernel as a function that stages call.
struct StageFunction {
  /// What a parameter is.
  enum Parameter {
    case int, uint, float, buffer

    init(_ value: KernelValue) {
      self =
        switch value {
        case .int: .int
        case .uint: .uint
        case .float: .float
        case .buffer: .buffer
        }
    }

    /// Its type in OpenCL C.
    var type: String {
      switch self {
      case .int: "int"
      case .uint: "uint"
      case .float: "float"
      case .buffer: "__global void *"
      }
    }

    /// Argument `index` of a stage in OpenCL C, from its table.
    func argument(_ index: Int) -> String {
      switch self {
      case .int: "arguments[\(index)]"
      case .uint: "(uint)arguments[\(index)]"
      case .float: "as_float(arguments[\(index)])"
      case .buffer: "buffers[arguments[\(index)]]"
      }
    }
  }

  let key: KernelKey
  var parameters: [Parameter] = []
}
