import Backend
import OpenCL

/// What a work-group makes of a product on matrix units, and the macros of `Kernels/Common/mma_product.clh` that say so.
struct MatrixTile: Hashable {
  /// TOKENS: rows of activations in a group.
  private(set) var tokens: Int
  /// Chunks of K, of all pieces of the weights, at most `mostWarps`.
  private let chunks: Int
  /// The weights are in blocks.
  private let isOfBlocks: Bool
  /// MULTIPLE: what divides the columns.
  private let multiple: Int

  static let mostTokens = 64
  private static let widths = [8, 16, mostTokens]
  private static let mostWarps = 16
  /// With eight tokens, weights in blocks take so many registers that two smaller groups share a unit better than one.
  private static let mostWarpsOfBlocks = 8
  private static let tiledWarps = 8
  private static let tiledStrips = 16
  /// Columns of a chunk, whose products are summed by themselves.
  static let chunk = 128

  /// - Parameters:
  ///   - columns: K.
  ///   - format: of the weights.
  init(tokens: Int, columns: Int, format: ElementFormat) {
    self.tokens = tokens
    isOfBlocks = format.block != nil
    chunks = min(columns.dividedUp(by: Self.chunk) * format.matrixPieces, Self.mostWarps)
    multiple = [Self.chunk, 4].first { columns.isMultiple(of: $0) } ?? 1
  }

  /// TOKENS for an expert with so many rows on average: few split K over the warps, many share the weights in a tile.
  static func tokens(rowsOfExpert rows: Int) -> Int { rows <= 8 ? 8 : rows < 16 ? 16 : mostTokens }

  /// TOKENS for a dense layer of `strips` strips: tiles only where they give work to a third of the device's units.
  static func tokens(rows: Int, strips: Int, units: Int) -> Int {
    guard rows > 8 else { return 8 }
    let tiles = strips.dividedUp(by: tiledStrips) * rows.dividedUp(by: mostTokens)
    return rows >= 32 && 3 * tiles >= units ? mostTokens : 16
  }

  /// The same product for every number of rows.
  var variants: [MatrixTile] {
    Self.widths.map { tokens in
      var tile = self
      tile.tokens = tokens
      return tile
    }
  }

  private var isTiled: Bool { tokens == Self.mostTokens }

  /// Whether activations of eight bits come as such; else the product makes them of f32.
  var takesRounded: Bool { isTiled }
  private var warps: Int {
    if isTiled { return Self.tiledWarps }
    return isOfBlocks && tokens == 8 ? min(chunks, Self.mostWarpsOfBlocks) : chunks
  }
  /// Strips of a group.
  private var strips: Int { isTiled ? Self.tiledStrips : isOfBlocks ? 2 : 1 }

  var macros: String { "-DTOKENS=\(tokens) -DWARPS=\(warps) -DMULTIPLE=\(multiple)" }

  /// What a record of launches tells of it.
  var recordedMacros: [String] { ["TOKENS=\(tokens)"] }

  /// A launch over `strips` strips and `blocks` blocks of tokens.
  func launch(strips: Int, blocks: Int) -> LaunchShape {
    let group = 32 * warps
    let groups = strips.dividedUp(by: self.strips)
    return LaunchShape(global: Extent(groups * group, blocks), local: Extent(group, 1))
  }
}
