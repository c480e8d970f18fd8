import Backend

extension ReferenceBackend {
  package func embed(_ batch: Batch, rows: Range<Int>, table: Matrix, scale: Float, into out: Activation) {
    for row in rows {
      let (tensor, index) = table.source.locate(expert: 0, row: Int(batch.layout.tokens[row]))
      let target = out.row(row)
      for column in 0..<table.source.columns {
        target[column] = scale * tensor.float(at: index * table.source.columns + column)
      }
    }
  }
}
