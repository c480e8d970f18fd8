import OpenCL

/// What a work-group makes of a product on matrix units, and the macros of `Kernels/Common/mma.clh` that say so.
struct MatrixTile: Hashable {
  /// TOKENS: rows of activations in a group.
  let tokens: Int
  /// WARPS: warps of a group.
  let warps: Int
  /// MULTIPLE: what divides the columns.
  let multiple: Int

  static let mostTokens = 64
  private static let mostWarps = 16
  /// Columns of a chunk, whose products are summed by themselves.
  private static let chunk = 128

  /// - Parameters:
  ///   - rows: of an expert, on average: for few K is split over the warps, many share the weights in a tile.
  ///   - columns: K.
  init(rows: Int, columns: Int) {
    tokens = Self.tokens(rows: rows)
    warps = tokens < Self.mostTokens ? min(columns.dividedUp(by: Self.chunk), Self.mostWarps) : 8
    multiple = [Self.chunk, 4].first { columns.isMultiple(of: $0) } ?? 1
  }

  static func tokens(rows: Int) -> Int { rows <= 8 ? 8 : rows <= 16 ? 16 : rows <= 32 ? 32 : mostTokens }

  var macros: String { "-DTOKENS=\(tokens) -DWARPS=\(warps) -DMULTIPLE=\(multiple)" }

  /// Strips of 16 rows of weights in a group.
  private var groupStrips: Int { tokens < Self.mostTokens ? 1 : 16 }

  /// A launch over `strips` strips and `blocks` blocks of tokens.
  func launch(strips: Int, blocks: Int) -> LaunchShape {
    let group = 32 * warps
    return LaunchShape(global: Extent(strips.dividedUp(by: groupStrips) * group, blocks), local: Extent(group, 1))
  }
}
