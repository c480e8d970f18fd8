import Backend
import OpenCL

/// How attention on matrix units is cut (`Kernels/Attention/attention.mma.cl`).
struct MatrixAttention {
  /// Queries of a group: rows of a tile times heads that share a key head.
  static let queries = 64
  private static let threads = 128
  private static let mostHeadSize = 256
  /// Positions of a part of the context.
  private static let part = 128
  /// Bytes of partial results beyond which parts get no groups of their own.
  private static let mostPartialBytes = 64 << 20

  /// Whether a cache is kept in pieces; of others the GPU style's kernels take care.
  static func serves(_ cache: KVCacheShape, _ plan: DevicePlan) -> Bool {
    plan.style == .mma && cache.hasValues && cache.headSize <= mostHeadSize
  }

  /// Groups that share a key head and tile.
  let blocks: Int
  /// Parts of the longest context.
  let parts: Int
  /// Each part has a group of its own, since there are few tiles.
  let isSplit: Bool
  let shape: LaunchShape
  let partialBytes: Int
  /// Groups whose parts meet.
  let meetings: Int

  /// - Parameters:
  ///   - tallest: the most rows of a tile.
  ///   - longest: the most positions that a row sees.
  init(_ heads: AttentionShape, tiles: Int, tallest: Int, longest: Int, rows: Int, units: Int) {
    blocks = (tallest * (heads.queryHeads / heads.keyValueHeads)).dividedUp(by: Self.queries)
    parts = longest.dividedUp(by: Self.part)
    let groups = heads.keyValueHeads * blocks
    meetings = groups * tiles
    let bytes = rows * heads.queryHeads * parts * (heads.headSize.roundedUp(to: 4) + 4) * 4
    isSplit = parts > 1 && meetings < 2 * units && bytes <= Self.mostPartialBytes
    partialBytes = isSplit ? bytes : 0
    shape = LaunchShape(
      global: Extent(groups * Self.threads, tiles, isSplit ? parts : 1), local: Extent(Self.threads, 1, 1))
  }
}
