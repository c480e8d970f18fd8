import Backend
import OpenCL

extension OpenCLBackend {
  package func rmsNorm(_ x: Activation, weight: Vector, epsilon: Float, rows: Int, into out: Activation) throws {
    precondition(weight.count == x.columns && out.columns == x.columns)
    try launch(
      KernelKey(.rmsNorm), .rows(rows, plan), x.buffer.view, weight.buffer.view, out.buffer.view, Int32(x.columns),
      epsilon)
  }
}
