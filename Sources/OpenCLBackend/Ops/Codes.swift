import Backend
import OpenCL

extension OpenCLBackend {
  /// The first `rows` rows of `x` in codes of eight bits, made now unless what wrote `x` has made them.
  func codes(of x: Activation, rows: Int) throws -> DeviceBuffer {
    let codes = try codeBuffer(of: x)
    if x.codedRows < rows {
      try launch(
        KernelKey(.quantise), .rows(rows, plan), x.buffer.view, codes.view, Int32(x.columns))
      x.codedRows = rows
    }
    return codes
  }

  /// Room for the codes of `x`.
  func codeBuffer(of x: Activation) throws -> DeviceBuffer {
    if let codes = x.codes { return codes }
    let made = try makeBuffer(byteCount: x.rows * plan.codeBytes(columns: x.columns), label: "codes of activations")
    x.codes = made
    return made
  }
}
