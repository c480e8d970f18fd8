package import Backend
import OpenCL

extension OpenCLBackend {
  package func embed(_ batch: Batch, rows: Range<Int>, table: Matrix, scale: Float, into out: Activation) throws {
    out.change()
    for segment in table.segments {
      try launch(
        KernelKey(.embedding, format: segment.layout.format),
        .embedding(rows: rows.count, columns: table.columns, plan), batch.tokens.view, segment.buffer.view,
        out.buffer.view, Int32(rows.lowerBound), Int32(table.columns), Int32(segment.features),
        Int32(segment.firstFeature), scale)
    }
  }

  package func prepare(_ layout: BatchLayout, vocabulary: Int, cache: KVCacheShape) throws -> Batch {
    try layout.validate(vocabulary: vocabulary, cache: cache)
    var slots: [Int32] = []
    var tiles: [Int32] = []
    var tables: [Int32] = []
    var tileCounts = [0]
    var tallest = [0]
    var longest = [0]
    slots.reserveCapacity(layout.rowCount)
    tileCounts.reserveCapacity(layout.rowCount + 1)
    let tileRows = LaunchShape.attentionRows(cache, plan)
    for run in layout.runs {
      for index in 0..<run.rows.count {
        let position = run.firstPosition + index
        slots.append(
          run.blocks[position / cache.blockSize] * Int32(cache.blockSize) + Int32(position % cache.blockSize))
        if index % tileRows == 0 {
          let height = min(tileRows, run.rows.count - index)
          tiles += [
            Int32(run.rows.lowerBound + index), Int32(height), Int32(position), Int32(tables.count),
          ]
          tallest.append(max(tallest[tallest.count - 1], height))
          longest.append(max(longest[longest.count - 1], position + height))
        }
        tileCounts.append(tiles.count / 4)
      }
      tables += run.blocks
    }
    return Batch(
      tokens: try makeBatchBuffer(layout.tokens, label: "batch tokens"),
      positions: try makeBatchBuffer(layout.positions, label: "batch positions"),
      slots: try makeBatchBuffer(slots, label: "batch slots"), tiles: try makeBatchBuffer(tiles, label: "batch tiles"),
      tables: try makeBatchBuffer(tables, label: "block tables"), tileCounts: tileCounts, tallest: tallest,
      longest: longest)
  }
}
