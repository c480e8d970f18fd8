import Backend

extension ReferenceBackend {
  package func embed(_ batch: Batch, rows: Range<Int>, table: Matrix, scale: Float, into out: Activation) {
    for row in rows {
      let (tensor, place) = table.source.locate(expert: 0, row: Int(batch.layout.tokens[row]))
      let target = out.row(row)
      guard let base = target.baseAddress else { continue }
      tensor.readRow(at: place, columns: table.source.columns, into: base)
      for column in target.indices { target[column] *= scale }
    }
  }
}
