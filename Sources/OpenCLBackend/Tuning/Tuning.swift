package import Backend

/// How the work of products is cut on one device, as measured: numbers that change how long a kernel takes, and never a bit of
/// what it computes. What is not in it follows from the device's properties, by rule.
package struct Tuning: Sendable, Equatable {
  package enum Op: String, Sendable, CaseIterable, Codable {
    case linear, experts
    /// Of the rows of an expert, those that one entry of a grouped product has.
    case grouping
  }

  /// Shape classes: rows that share the weights.
  package enum Rows: String, Sendable, CaseIterable, Codable {
    case one, few, many

    package init(_ count: Int) { self = count <= 1 ? .one : count <= 64 ? .few : .many }
  }

  package struct Key: Sendable, Hashable, Codable {
    package var op: Op
    /// Of the weights; nil where it makes no difference.
    package var format: ElementFormat?
    package var rows: Rows

    package init(_ op: Op, _ format: ElementFormat?, _ rows: Rows) {
      self.op = op
      self.format = format
      self.rows = rows
    }
  }

  /// A way to cut; what is nil is cut by rule.
  package struct Cut: Sendable, Hashable, Codable {
    /// CPU style: work-items for each of the device's units, about, and rows of one at most.
    package var itemsPerUnit: Int?
    package var itemRows: Int?
    /// CPU style: bytes ahead that weights are fetched for one and two rows.
    package var fetchBytes: Int?
    /// GPU style: rows and features of a work-item, and k's of a step.
    package var tileM: Int?
    package var tileN: Int?
    package var blockK: Int?

    package init(
      itemsPerUnit: Int? = nil, itemRows: Int? = nil, fetchBytes: Int? = nil, tileM: Int? = nil, tileN: Int? = nil,
      blockK: Int? = nil
    ) {
      self.itemsPerUnit = itemsPerUnit
      self.itemRows = itemRows
      self.fetchBytes = fetchBytes
      self.tileM = tileM
      self.tileN = tileN
      self.blockK = blockK
    }

    /// In a kernel's words.
    package var description: String {
      let parts = [
        itemsPerUnit.map { "items/unit \($0)" }, itemRows.map { "rows/item \($0)" },
        fetchBytes.map { "FETCH_BYTES \($0)" }, tileM.map { "TILE_M \($0)" }, tileN.map { "TILE_N \($0)" },
        blockK.map { "BLOCK_K \($0)" },
      ].compactMap(\.self)
      return parts.isEmpty ? "rule" : parts.joined(separator: ", ")
    }

    /// The macros of `Kernels/Common/tiles.clh`, or of `Kernels/Common/panels.clh`.
    func features(_ plan: DevicePlan) -> [KernelFeature] {
      guard plan.style != .cpu else { return [KernelFeature("FETCH_BYTES", fetchBytes ?? plan.fetchBytes)] }
      return [
        tileM.map { KernelFeature("TILE_M", $0) }, tileN.map { KernelFeature("TILE_N", $0) },
        blockK.map { KernelFeature("BLOCK_K", $0) },
      ].compactMap(\.self)
    }
  }

  package var cuts: [Key: Cut]

  package init(_ cuts: [Key: Cut] = [:]) { self.cuts = cuts }

  /// The cut for so many rows; one without numbers unless it is tuned.
  package subscript(op: Op, format: ElementFormat?, rows: Int) -> Cut {
    cuts[Key(op, format, Rows(rows))] ?? Cut()
  }

  /// Rows of an entry of a grouped product at most, where an expert has so many.
  func entryRows(rowsOfExpert rows: Int) -> Int { self[.grouping, nil, rows].itemRows ?? Self.entryRows }

  /// The least that `entryRows` gives for any number of rows.
  var leastEntryRows: Int {
    Rows.allCases.map { cuts[Key(.grouping, nil, $0)]?.itemRows ?? Self.entryRows }.min() ?? Self.entryRows
  }

  /// By rule.
  static let entryRows = 128
  static let itemsPerUnit = 8
  static let itemRows = 256
}
