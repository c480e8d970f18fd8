import Backend

extension ReferenceBackend {
  package func embed(_ batch: Batch, rows: Range<Int>, table: Matrix, into out: Activation) {
    for row in rows {
      let (tensor, place) = table.source.locate(expert: 0, row: Int(batch.layout.tokens[row]))
      guard let target = out.row(row).baseAddress else { continue }
      tensor.readRow(at: place, columns: table.source.columns, into: target)
    }
  }
}
