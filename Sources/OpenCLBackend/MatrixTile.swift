import Backend
import OpenCL

/// What a work-group makes of a product on matrix units, and the macros of `Kernels/Common/mma_product.clh` that say so.
struct MatrixTile: Hashable {
  /// TOKENS: rows of activations in a group.
  private(set) var tokens: Int
  /// Warps of a group that splits K.
  private let splitWarps: Int
  /// Strips of a group that splits K.
  private let splitStrips: Int
  /// MULTIPLE: what divides the columns.
  private let multiple: Int

  static let mostTokens = 64
  private static let widths = [8, 16, mostTokens]
  private static let mostWarps = 16
  private static let tiledWarps = 8
  private static let tiledStrips = 16
  /// Columns of a chunk, whose products are summed by themselves.
  private static let chunk = 128

  /// - Parameters:
  ///   - columns: K.
  ///   - format: of the weights.
  init(tokens: Int, columns: Int, format: ElementFormat) {
    self.tokens = tokens
    splitStrips = format.block == nil ? 1 : 2
    splitWarps = min(columns.dividedUp(by: Self.chunk), Self.mostWarps)
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
  private var warps: Int { isTiled ? Self.tiledWarps : splitWarps }

  var macros: String { "-DTOKENS=\(tokens) -DWARPS=\(warps) -DMULTIPLE=\(multiple)" }

  /// What a record of launches tells of it.
  var recordedMacros: [String] { ["TOKENS=\(tokens)"] }

  /// A launch over `strips` strips and `blocks` blocks of tokens.
  func launch(strips: Int, blocks: Int) -> LaunchShape {
    let group = 32 * warps
    let groups = strips.dividedUp(by: isTiled ? Self.tiledStrips : splitStrips)
    return LaunchShape(global: Extent(groups * group, blocks), local: Extent(group, 1))
  }
}
