import Backend
import OpenCL

extension OpenCLBackend {
  package func rmsNorm(_ x: Activation, weight: Vector, epsilon: Float, rows: Int, into out: Activation) throws {
    precondition(weight.count == x.columns && out.columns == x.columns)
    try rmsNorm(x, columns: 0..<x.columns, weight: weight, epsilon: epsilon, rows: rows, into: out)
  }

  /// The norm of some columns; the others of `out` stay.
  func rmsNorm(
    _ x: Activation, columns: Range<Int>, weight: Vector, epsilon: Float, rows: Int, into out: Activation
  ) throws {
    if columns.count == x.columns, let own = takeAwaited(x, rows: rows, into: out) {
      out.change()
      return try launch(
        KernelKey(.rmsNorm, chosen: own.chosen, features: [.combined]), .rows(rows, plan), x.buffer.view,
        weight.buffer.view, out.buffer.view, Int32(columns.count), Int32(x.columns), Int32(columns.lowerBound), epsilon,
        own.expertOut.view, own.weights.view)
    }
    let made = out.besides(wholeGroups: columns == 0..<out.columns && columns.count % Rounding.group == 0, plan)
    try launch(
      KernelKey(.rmsNorm, features: made?.features ?? []), .rows(rows, plan), x.buffer.view,
      weight.buffer.view, out.buffer.view, Int32(columns.count), Int32(x.columns), Int32(columns.lowerBound), epsilon,
      last: made?.buffer.view)
    out.change(rows: rows, made: made)
  }
}
