package import Backend
import OpenCL

extension OpenCLBackend {
  package func prepareHeads(
    _ qkv: Activation, _ heads: HeadOptions<Vector>, batch: Batch, rows: Int, cache: KVCache
  ) throws {
    let shape = heads.shape
    precondition(qkv.columns == shape.qkvColumns)
    // In the GPU styles a group does a whole row then.
    let isWide = plan.style != .cpu && heads.normScope == .allHeads
    let heads = isWide ? heads : try normed(qkv, heads, rows: rows)
    qkv.change()
    let arguments = HeadArguments(heads)
    let key = KernelKey(
      .heads, headSize: shape.headSize, isPortable: cache.spoiled == nil,
      features: heads.features + (isWide ? [KernelFeature("WIDE")] : []))
    let launchShape =
      isWide
      ? LaunchShape.wideHeads(rows: rows, plan)
      : LaunchShape.heads(rows: rows, heads: qkv.columns / shape.headSize, plan)
    try launch(
      key, launchShape, qkv.buffer.view, arguments.queryNorm, arguments.keyNorm, heads.rotary.buffer.view,
      batch.positions.view, batch.slots.view, cache.keys.view, cache.values.view, Int32(shape.queryHeads),
      Int32(shape.keyValueHeads), Int32(qkv.columns), arguments.norms, heads.epsilon, heads.clip ?? 0,
      last: cache.spoiled?.view)
  }

  /// Does the norms over all heads of queries and of keys; returns what is left for each head.
  private func normed(
    _ qkv: Activation, _ heads: HeadOptions<Vector>, rows: Int
  ) throws -> HeadOptions<Vector> {
    guard heads.normScope == .allHeads else { return heads }
    let queries = heads.shape.queryColumns
    let parts = [
      (heads.queryNorm, 0..<queries),
      (heads.keyNorm, queries..<queries + heads.shape.keyValueHeads * heads.shape.headSize),
    ]
    for case (let norm?, let columns) in parts {
      try rmsNorm(qkv, columns: columns, weight: norm, epsilon: heads.epsilon, rows: rows, into: qkv)
    }
    var rest = heads
    (rest.queryNorm, rest.keyNorm, rest.normScope) = (nil, nil, .head)
    return rest
  }

  package func attention(
    _ qkv: Activation, shape: AttentionShape, sinks: Vector?, batch: Batch, rows: Int, cache: KVCache,
    into out: Activation
  ) throws {
    precondition(qkv.columns == shape.qkvColumns && out.columns == shape.outputColumns)
    if let spoiled = cache.spoiled {
      return try matrixAttention(
        qkv, shape: shape, sinks: sinks, batch: batch, rows: rows, cache: cache, spoiled: spoiled, into: out)
    }
    let made = out.besides(wholeGroups: shape.makesWholeGroups, plan)
    let tiles = batch.tileCounts[rows]
    var features = shape.features(hasSinks: sinks != nil) + (made?.features ?? [])
    // Where all sequences have a row each, work-groups need not be ready for more.
    if plan.style != .cpu {
      features.append(KernelFeature("QUERIES", batch.tallest[tiles] == 1 ? 1 : LaunchShape.attentionQueries))
    }
    let ownHeads = LaunchShape.attentionHeads(shape, tiles: tiles, tallest: batch.tallest[tiles], plan)
    try launch(
      KernelKey(.attention, headSize: shape.headSize, isPortable: true, features: features),
      .attention(heads: shape.queryHeads / ownHeads, tiles: tiles, plan), qkv.buffer.view, cache.keys.view,
      cache.values.view, batch.tiles.view, batch.tables.view, out.buffer.view, Int32(shape.queryHeads),
      Int32(shape.keyValueHeads), Int32(qkv.columns), shape.scale, (sinks?.buffer ?? qkv.buffer).view, Int32(ownHeads),
      last: made?.buffer.view)
    out.change(rows: rows, made: made)
  }

  package func attend(
    _ qkv: Activation, _ heads: HeadOptions<Vector>, sinks: Vector?, batch: Batch, rows: Int, cache: KVCache,
    into out: Activation
  ) throws {
    let shape = heads.shape
    let tiles = batch.tileCounts[rows]
    guard
      LaunchShape.attendsTogether(
        heads: shape.keyValueHeads, rows: rows, tiles: tiles, tallest: batch.tallest[tiles], plan, isStage: isCollecting
      )
    else {
      try prepareHeads(qkv, heads, batch: batch, rows: rows, cache: cache)
      return try attention(qkv, shape: shape, sinks: sinks, batch: batch, rows: rows, cache: cache, into: out)
    }
    precondition(qkv.columns == shape.qkvColumns && out.columns == shape.outputColumns)
    let heads = try normed(qkv, heads, rows: rows)
    qkv.change()
    let made = out.besides(wholeGroups: shape.makesWholeGroups, plan)
    let arguments = HeadArguments(heads)
    let key = KernelKey(
      .headsAttention, headSize: shape.headSize,
      features: heads.features + shape.optionFeatures(hasSinks: sinks != nil) + (made?.features ?? []))
    let launchShape = LaunchShape(global: Extent(shape.keyValueHeads, rows), local: Extent(1, 1))
    try launch(
      key, launchShape, qkv.buffer.view, arguments.queryNorm, arguments.keyNorm, heads.rotary.buffer.view,
      batch.positions.view, batch.slots.view, cache.keys.view, cache.values.view, Int32(shape.queryHeads),
      Int32(shape.keyValueHeads), Int32(qkv.columns), arguments.norms, heads.epsilon, heads.clip ?? 0,
      batch.tiles.view, batch.tables.view, out.buffer.view, shape.scale, (sinks?.buffer ?? qkv.buffer).view,
      last: made?.buffer.view)
    out.change(rows: rows, made: made)
  }
}

/// The norms of heads as kernels take them.
private struct HeadArguments {
  let queryNorm: BufferView
  let keyNorm: BufferView
  /// Bit 0: queries have one, bit 1: keys have.
  let norms: Int32

  init(_ heads: HeadOptions<OpenCLBackend.Vector>) {
    queryNorm = (heads.queryNorm ?? heads.rotary).buffer.view
    keyNorm = (heads.keyNorm ?? heads.rotary).buffer.view
    norms = (heads.queryNorm == nil ? 0 : 1) + (heads.keyNorm == nil ? 0 : 2)
  }
}

extension AttentionShape {
  /// Whether a head's output is whole groups of what attention makes besides.
  var makesWholeGroups: Bool { outputColumns / queryHeads % Rounding.group == 0 }

  /// The macros of `Kernels/Attention/layout.clh`.
  func features(hasSinks: Bool) -> [KernelFeature] {
    cacheFeatures + optionFeatures(hasSinks: hasSinks)
  }

  /// What attention has besides.
  func optionFeatures(hasSinks: Bool) -> [KernelFeature] {
    (window.map { [KernelFeature("WINDOW", $0)] } ?? []) + (hasSinks ? [KernelFeature("SINKS")] : [])
  }

  var cacheFeatures: [KernelFeature] {
    valuePrefix.map { [KernelFeature("SHARED"), KernelFeature("VALUE_SIZE", $0)] } ?? []
  }
}

extension HeadOptions {
  /// The macros of `Kernels/Attention/heads.clh`.
  var features: [KernelFeature] {
    var features = shape.cacheFeatures
    if case .prefix(let columns) = normScope { features.append(KernelFeature("NORM_SIZE", columns)) }
    if clip != nil { features.append(KernelFeature("CLIP")) }
    if rotaryColumns != 0..<shape.headSize {
      features.append(KernelFeature("ROTARY_FROM", rotaryColumns.lowerBound))
      features.append(KernelFeature("ROTARY_SIZE", rotaryColumns.count))
    }
    if rotaryPairs == .neighbours { features.append(KernelFeature("NEIGHBOURS")) }
    return features
  }
}
