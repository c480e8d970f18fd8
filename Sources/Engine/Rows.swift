import Backend

/// An activation that grows with the batch.
struct Rows<B: Backend> {
  let columns: Int
  let label: String
  private var rows = 0
  private var activation: B.Activation?

  init(columns: Int, label: String) {
    self.columns = columns
    self.label = label
  }

  /// The activation, made larger if need be; then its contents are lost.
  mutating func atLeast(_ wanted: Int, _ backend: B) throws -> B.Activation {
    if let activation, rows >= wanted { return activation }
    // What is wanted and a little more, for a batch that grows, but no more than `Engine.activationBytes` counts.
    let few = 1 << (Int.bitWidth - (max(wanted, 1) - 1).leadingZeroBitCount)
    let larger = min(few, (wanted + 63) / 64 * 64)
    release()  // given back before the larger one is taken
    let made = try backend.makeActivation(rows: larger, columns: columns, label: label)
    rows = larger
    activation = made
    return made
  }

  mutating func release() {
    activation = nil
    rows = 0
  }
}
