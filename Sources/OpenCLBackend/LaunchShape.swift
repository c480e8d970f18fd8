import Backend
import OpenCL

/// How many work-items a kernel gets, and in which groups: decided here, by op and style, from sizes alone.
struct LaunchShape: Equatable {
  var global: Extent
  var local: Extent

  /// Columns that one work-item of `combine` makes in the CPU style.
  static let combineSpan = 1024
  private static let single = Extent(1, 1, 1)

  /// One work-item a row, or one group a row.
  static func rows(_ count: Int, _ plan: DevicePlan) -> LaunchShape {
    switch plan.style {
    case .cpu: LaunchShape(global: Extent(count), local: single)
    case .gpu, .mma: LaunchShape(global: Extent(count * plan.rowGroup), local: Extent(plan.rowGroup))
    }
  }

  /// One work-item a row, or in the GPU styles one a group of a row.
  static func rounding(rows: Int, columns: Int, _ plan: DevicePlan) -> LaunchShape {
    plan.style == .cpu ? Self.rows(rows, plan) : elements(columns: columns / Rounding.group, rows: rows)
  }

  /// Element-wise over `columns` × `rows`, padded to whole groups; kernels ignore what lies outside.
  static func elements(columns: Int, rows: Int) -> LaunchShape {
    LaunchShape(global: Extent(columns.roundedUp(to: DevicePlan.group), rows), local: Extent(DevicePlan.group, 1))
  }

  /// A linear layer with so many features, in the CPU style in `units` panels; and the rows of a CPU work-item.
  static func linear(
    rows: Int, units: Int, features: Int, _ plan: DevicePlan, _ cut: Tuning.Cut
  ) -> (shape: LaunchShape, rowsPerItem: Int) {
    guard plan.style == .cpu else {
      let block = plan.threadsM * (cut.tileM ?? DevicePlan.tileM)
      return (tiles(features: features, blocks: rows.dividedUp(by: block), plan, cut), 0)
    }
    // Enough items for each unit to have several, in whole tiles of 8 rows; weights are read once an item.
    let blocks = max(1, ((cut.itemsPerUnit ?? Tuning.itemsPerUnit) * plan.units + units - 1) / units)
    let rowsPerItem = min(max(rows.dividedUp(by: blocks).roundedUp(to: 8), 8), cut.itemRows ?? Tuning.itemRows)
    return (LaunchShape(global: Extent(units, rows.dividedUp(by: rowsPerItem)), local: single), rowsPerItem)
  }

  /// A grouped product with so many features, in the CPU style in `units` panels, for each of `entries` tiles of rows.
  static func grouped(
    units: Int, features: Int, entries: Int, _ plan: DevicePlan, _ cut: Tuning.Cut
  ) -> LaunchShape {
    switch plan.style {
    case .cpu: LaunchShape(global: Extent(units, entries), local: single)
    case .gpu, .mma: tiles(features: features, blocks: entries, plan, cut)
    }
  }

  /// Slots of an expert that one entry of a grouped product holds at most, where `experts` experts share `slots` slots.
  static func tileRows(slots: Int, experts: Int, _ plan: DevicePlan) -> Int {
    switch plan.style {
    case .cpu: plan.tuning.entryRows(rowsOfExpert: slots.dividedUp(by: experts))
    case .gpu: plan.blockM
    case .mma: MatrixTile.tokens(rowsOfExpert: slots.dividedUp(by: experts))
    }
  }

  /// Entries that hold `slots` slots of `experts` experts, however they are spread.
  static func entries(slots: Int, experts: Int, _ plan: DevicePlan) -> Int {
    min(experts, slots) + slots / tileRows(slots: slots, experts: experts, plan)
  }

  /// The most entries that up to `slots` slots can need, whatever their tiles are.
  static func mostEntries(slots: Int, experts: Int, _ plan: DevicePlan) -> Int {
    let rows = plan.style == .cpu ? plan.tuning.leastEntryRows : tileRows(slots: 0, experts: experts, plan)
    return min(experts, slots) + slots / rows
  }

  static func heads(rows: Int, heads: Int, _ plan: DevicePlan) -> LaunchShape {
    switch plan.style {
    case .cpu: LaunchShape(global: Extent(rows), local: single)
    case .gpu, .mma: LaunchShape(global: Extent(heads * DevicePlan.group, rows), local: Extent(DevicePlan.group, 1))
    }
  }

  /// All heads of a row in one group.
  static func wideHeads(rows: Int, _ plan: DevicePlan) -> LaunchShape {
    LaunchShape(global: Extent(plan.rowGroup, rows), local: Extent(plan.rowGroup, 1))
  }

  /// Query heads that one item of attention makes of a tile, in the CPU style: those of one key head, as many as it has room
  /// for (`Kernels/Attention/attend.clh`), but so few that all units have items until the end.
  static func attentionHeads(_ shape: AttentionShape, tiles: Int, tallest: Int, _ plan: DevicePlan) -> Int {
    guard plan.style == .cpu else { return 1 }
    let group = shape.queryHeads / shape.keyValueHeads
    return (1...group).last {
      group % $0 == 0 && $0 * tallest <= attentionPairs && shape.queryHeads / $0 * tiles >= 8 * plan.units
    } ?? 1
  }

  /// PAIRS of `Kernels/Attention/attend.clh`.
  private static let attentionPairs = 32

  /// Attention of `heads` parts of query heads, in the portable styles.
  static func attention(heads: Int, tiles: Int, _ plan: DevicePlan) -> LaunchShape {
    switch plan.style {
    case .cpu: LaunchShape(global: Extent(heads, tiles), local: single)
    case .gpu, .mma: LaunchShape(global: Extent(heads * DevicePlan.group, tiles), local: Extent(DevicePlan.group, 1))
    }
  }

  /// Rows of an attention tile in the portable styles.
  static let attentionQueries = 8

  /// Rows of one sequence that an attention tile holds at most.
  static func attentionRows(_ cache: KVCacheShape, _ plan: DevicePlan) -> Int {
    switch plan.style {
    case .mma where MatrixAttention.serves(cache, plan): MatrixAttention.queries
    case .cpu, .gpu, .mma: attentionQueries
    }
  }

  /// A product for each of `heads` heads, of so many features, in the CPU style in `units` panels.
  static func headProducts(rows: Int, units: Int, features: Int, heads: Int, _ plan: DevicePlan) -> LaunchShape {
    plan.style == .cpu
      ? LaunchShape(global: Extent(units, heads, rows.dividedUp(by: 64)), local: Extent(1, 1, 1))
      : LaunchShape(
        global: Extent(
          features.dividedUp(by: plan.blockN) * DevicePlan.threadsN, rows.dividedUp(by: plan.blockM) * plan.threadsM,
          heads),
        local: Extent(DevicePlan.threadsN, plan.threadsM, 1))
  }

  /// Whether heads are prepared by what attends with them: each row is a sequence's only one, and there are items for all
  /// units; in a stage, which another one costs little, so many that units end together, whatever the number of rows.
  static func attendsTogether(
    heads: Int, rows: Int, tiles: Int, tallest: Int, _ plan: DevicePlan, isStage: Bool
  ) -> Bool {
    plan.style == .cpu && rows > 0 && tiles == rows && tallest == 1
      && (isStage ? heads >= plan.stageHeads * plan.units : heads * rows >= plan.units)
  }

  /// So few rows that routing them in turn takes less than another launch.
  static let fewRows = 1...4

  /// Whether one group routes and groups all rows.
  static func routesTogether(rows: Int, chosen: Int, _ plan: DevicePlan) -> Bool {
    fewRows.contains(rows) && (plan.style == .cpu || rows * chosen <= plan.rowGroup)
  }

  /// Whether launches of ops on so many rows are joined: of a few rows they are short.
  static func runsTogether(rows: Int) -> Bool { (1...16).contains(rows) }

  /// Whether work-items are groups of their own, in two dimensions at most.
  var isOfItems: Bool { local == Self.single && global.z == 1 && !global.isEmpty }

  /// One work-item a row.
  static func gateWeights(rows: Int, _ plan: DevicePlan) -> LaunchShape {
    plan.style == .cpu ? Self.rows(rows, plan) : elements(columns: rows, rows: 1)
  }

  /// One work-item in all, or one group an expert.
  static func group(experts: Int, _ plan: DevicePlan) -> LaunchShape {
    plan.style == .cpu ? LaunchShape(global: single, local: single) : rows(experts, plan)
  }

  static func embedding(rows: Int, columns: Int, _ plan: DevicePlan) -> LaunchShape {
    plan.style == .cpu
      ? LaunchShape(global: Extent(rows), local: single) : elements(columns: columns, rows: rows)
  }

  static func combine(rows: Int, columns: Int, _ plan: DevicePlan) -> LaunchShape {
    plan.style == .cpu
      ? LaunchShape(global: Extent(columns.dividedUp(by: combineSpan), rows), local: single)
      : elements(columns: columns, rows: rows)
  }

  private static func tiles(features: Int, blocks: Int, _ plan: DevicePlan, _ cut: Tuning.Cut) -> LaunchShape {
    let block = DevicePlan.threadsN * (cut.tileN ?? DevicePlan.tileN)
    return LaunchShape(
      global: Extent(features.dividedUp(by: block) * DevicePlan.threadsN, blocks * plan.threadsM),
      local: Extent(DevicePlan.threadsN, plan.threadsM))
  }
}

extension Int {
  func dividedUp(by divisor: Int) -> Int { (self + divisor - 1) / divisor }
  func roundedUp(to multiple: Int) -> Int { dividedUp(by: multiple) * multiple }
}
