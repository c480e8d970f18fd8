/// Text in columns as wide as their widest field.
package struct Table {
  package var rows: [[String]]
  /// Columns that stand to the right.
  package var right: Set<Int>

  package init(rows: [[String]], right: Set<Int>) {
    self.rows = rows
    self.right = right
  }

  /// Without blanks at the end.
  package var lines: [String] {
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
