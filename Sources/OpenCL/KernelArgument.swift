/// A value that can be handed to a kernel.
package protocol KernelArgument {
  /// Sets itself as the argument at `index`, by `Kernel.setArgument`.
  func set(_ kernel: inout Kernel, _ index: Int) throws(OpenCLError)
  /// The same without its type, to be kept for later.
  var kernelValue: KernelValue { get }
}

/// An argument of a kernel, of whatever type.
package enum KernelValue: KernelArgument, Sendable {
  case int(Int32)
  case uint(UInt32)
  case float(Float)
  case buffer(BufferView)

  package var kernelValue: KernelValue { self }

  package func set(_ kernel: inout Kernel, _ index: Int) throws(OpenCLError) {
    switch self {
    case .int(let value): try value.set(&kernel, index)
    case .uint(let value): try value.set(&kernel, index)
    case .float(let value): try value.set(&kernel, index)
    case .buffer(let value): try value.set(&kernel, index)
    }
  }

  /// Whether the two are the same bits.
  package func isSame(as other: KernelValue) -> Bool {
    switch (self, other) {
    case (.int(let left), .int(let right)): left == right
    case (.uint(let left), .uint(let right)): left == right
    case (.float(let left), .float(let right)): left.bitPattern == right.bitPattern
    case (.buffer(let left), .buffer(let right)): left.isSame(as: right)
    default: false
    }
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
  package var kernelValue: KernelValue { .buffer(self) }

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
