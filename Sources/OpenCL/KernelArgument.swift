/// A value that can be handed to a kernel.
package protocol KernelArgument {
  /// Sets itself as the argument at `index`, by `Kernel.setArgument`.
  func set(_ kernel: inout Kernel, _ index: Int) throws(OpenCLError)
}

/// `int` in OpenCL C.
extension Int32: KernelArgument {
  package func set(_ kernel: inout Kernel, _ index: Int) throws(OpenCLError) {
    try kernel.setScalar(self, index)
  }
}

/// `uint` in OpenCL C.
extension UInt32: KernelArgument {
  package func set(_ kernel: inout Kernel, _ index: Int) throws(OpenCLError) {
    try kernel.setScalar(self, index)
  }
}

/// `float` in OpenCL C.
extension Float: KernelArgument {
  package func set(_ kernel: inout Kernel, _ index: Int) throws(OpenCLError) {
    try kernel.setScalar(self, index)
  }
}

/// A `__global` or `__constant` pointer in OpenCL C.
extension BufferView: KernelArgument {
  package func set(_ kernel: inout Kernel, _ index: Int) throws(OpenCLError) {
    try kernel.setScalar(raw, index)
  }
}

extension Kernel {
  /// Sets the value's own bytes; not for types with references in them.
  @inline(__always)
  fileprivate mutating func setScalar<Value: BitwiseCopyable>(_ value: Value, _ index: Int) throws(OpenCLError) {
    var value = value
    try setArgument(index, &value, byteCount: MemoryLayout<Value>.size)
  }
}
