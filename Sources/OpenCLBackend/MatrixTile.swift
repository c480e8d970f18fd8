import OpenCL

/// What a work-group makes of a product on matrix units: numbers that `Kernels/Common/mma.clh` derives in the same way.
struct MatrixTile: Equatable {
  /// TOKENS: rows of activations in a group.
  let tokens: Int
  /// COLUMNS: K.
  let columns: Int

  static let mostTokens = 64
  private static let chunkSteps = 8
  private static let mostWarps = 16

  /// - Parameter rows: of an expert, on average: few are split over K, many share the weights in a tile.
  init(rows: Int, columns: Int) {
    tokens = Self.tokens(rows: rows)
    self.columns = columns
  }

  static func tokens(rows: Int) -> Int { rows <= 8 ? 8 : rows <= 16 ? 16 : rows <= 32 ? 32 : mostTokens }

  /// Strips of 16 rows of weights in a group.
  var strips: Int { tokens < Self.mostTokens ? 1 : 16 }

  private var warps: Int {
    let chunks = columns.dividedUp(by: 16).dividedUp(by: Self.chunkSteps)
    return tokens < Self.mostTokens ? min(chunks, Self.mostWarps) : 8
  }

  /// A launch over `strips` strips and `blocks` blocks of tokens.
  func launch(strips: Int, blocks: Int) -> LaunchShape {
    let group = 32 * warps
    return LaunchShape(
      global: Extent(strips.dividedUp(by: self.strips) * group, blocks), local: Extent(group, 1))
  }
}
