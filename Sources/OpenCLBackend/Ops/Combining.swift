import Backend
import OpenCL

extension OpenCLBackend {
  /// Rows that experts have made, and the rows that they are to be added to.
  struct Combining {
    let expertOut: DeviceBuffer
    let weights: DeviceBuffer
    let chosen: Int
    let rows: Int
    let x: Activation
    let place: LaunchPlace?
  }

  /// In the GPU styles it is put off: mostly a norm of the sums follows, which makes them in the same launch.
  package func combine(_ expertOut: Activation, routing: Routing, rows: Int, addingTo x: Activation) throws {
    precondition(expertOut.columns == x.columns)
    x.change()
    let own = Combining(
      expertOut: expertOut.buffer, weights: routing.weights, chosen: routing.chosen, rows: rows, x: x,
      place: recorder?.place)
    guard plan.style != .cpu, rows > 0 else { return try launch(own) }
    try launchAwaited()
    awaited = own
  }

  package func abandon() { awaited = nil }

  /// Launches what was put off, before anything else.
  func launchAwaited() throws {
    guard let own = awaited else { return }
    awaited = nil
    guard let recorder, let place = own.place else { return try launch(own) }
    let next = recorder.place
    recorder.place = place
    defer { recorder.place = next }
    try launch(own)
  }

  /// What was put off for these rows of `x`, which the caller launches in its place, writing to `out`.
  func takeAwaited(_ x: Activation, rows: Int, into out: Activation) -> Combining? {
    guard let own = awaited, own.x === x, own.rows == rows, own.expertOut !== out.buffer else { return nil }
    awaited = nil
    return own
  }

  private func launch(_ own: Combining) throws {
    try launch(
      KernelKey(.combine, chosen: own.chosen), .combine(rows: own.rows, columns: own.x.columns, plan),
      own.x.buffer.view, own.expertOut.view, own.weights.view, Int32(own.x.columns))
  }
}
