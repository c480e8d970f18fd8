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
    // Room for what is wanted, and where a batch grows, for it to go on a while.
    let few = 1 << (Int.bitWidth - (max(wanted, 1) - 1).leadingZeroBitCount)
    let larger = max(min(few, (wanted + 63) / 64 * 64), rows + rows / 4)
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
