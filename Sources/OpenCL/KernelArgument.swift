import COpenCL

/// A value that can be handed to a kernel.
package protocol KernelArgument {
  /// Sets itself as the argument at `index`, by `Kernel.setArgument`.
  func set(_ kernel: inout Kernel, _ index: Int) throws(OpenCLError)
  /// The same without its type, to be kept for later.
  var kernelValue: KernelValue { get }
}

/// An argument of a kernel, of whatever type.
package enum KernelValue: BitwiseCopyable, @unchecked Sendable {
  case int(Int32)
  case uint(UInt32)
  case float(Float)
  case buffer(RawBuffer)

  /// What `BufferView` refers to, without what it tells about it.
  package struct RawBuffer: BitwiseCopyable, Equatable, @unchecked Sendable {
    let raw: cl_mem
  }
}

extension KernelValue.RawBuffer: KernelArgument {
  package var kernelValue: KernelValue { .buffer(self) }

  package func set(_ kernel: inout Kernel, _ index: Int) throws(OpenCLError) {
    try kernel.setScalar(raw, index)
  }
}

/// `int` in OpenCL C.
extension Int32: KernelArgument {
  package var kernelValue: KernelValue { .int(self) }

  package func set(_ kernel: inout Kernel, _ index: Int) throws(OpenCLError) {
    try kernel.setScalar(self, index)
  }
}

/// `uint` in OpenCL C.
extension UInt32: KernelArgument {
  package var kernelValue: KernelValue { .uint(self) }

  package func set(_ kernel: inout Kernel, _ index: Int) throws(OpenCLError) {
    try kernel.setScalar(self, index)
  }
}

/// `float` in OpenCL C.
extension Float: KernelArgument {
  package var kernelValue: KernelValue { .float(self) }

  package func set(_ kernel: inout Kernel, _ index: Int) throws(OpenCLError) {
    try kernel.setScalar(self, index)
  }
}

/// A `__global` or `__constant` pointer in OpenCL C.
extension BufferView: KernelArgument {
  package var kernelValue: KernelValue { .buffer(object) }

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
