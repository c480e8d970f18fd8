/// Text in columns as wide as their widest field.
struct Table {
  var rows: [[String]]
  /// Columns that stand to the right.
  var right: Set<Int>

  /// Without blanks at the end.
  var lines: [String] {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { $0.indices.contains(column) ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let fields = row.indices.map { column in
        let fill = String(repeating: " ", count: widths[column] - row[column].count)
        return right.contains(column) ? fill + row[column] : row[column] + fill
      }
      var line = fields.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
