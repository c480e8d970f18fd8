import Backend
import Checkpoints
import Models
import OpenCL
import OpenCLBackend
import Reference
import Scheduling

extension ExpertTransfers {
  /// What of a model's experts has to come for each iteration; nil if all have places of their own.
  func streamed(_ model: ModelDescription) -> StreamedExperts? {
    guard slots < experts else { return nil }
    return StreamedExperts(
      layers: model.isSparse.count(where: \.self), experts: model.expertCount, chosen: model.chosenExperts, slots: slots
    )
  }
}

extension Engine {
  /// Blocks of the KV cache.
  static func blocks(_ options: EngineOptions) -> Int { max(1, (options.cachePositions + blockSize - 1) / blockSize) }

  /// How a device's memory is divided for a model with these options.
  package static func memoryPlan(_ files: ModelFiles, _ options: EngineOptions) -> MemoryPlan {
    MemoryPlan(files, options, WeightSizes(files, options.devicePlan))
  }

  /// Rows that an iteration has at most: prompt tokens, and one for each decoding request.
  static func mostRows(_ files: ModelFiles, _ options: EngineOptions) -> Int {
    let tokens = options.policy.cutsPrompts ? plannedTokens(files, options) : options.expectedTokens
    return tokens + min(options.maxRequests, blocks(options))
  }

  /// Prompt tokens that an iteration may have: what memory is planned for.
  static func plannedTokens(_ files: ModelFiles, _ options: EngineOptions) -> Int {
    max(1, min(options.expectedTokens, maxBatchedTokens(files, options)))
  }

  /// Of the workspace, the hidden states and the carry, the batch, the logits, and what the ops keep.
  static func activationBytes(_ model: ModelDescription, _ options: EngineOptions, rows: Int) -> Int {
    // With the indices of its rows.
    let logits = 64 * (model.vocabularySize + 2 * model.hiddenSize + 1) * 4
    let bytes = rowBytes(model, rows: rows) + logits + batchBytes(model, options, rows: rows)
    guard let plan = options.devicePlan else { return bytes }
    let rounded = (rows + 63) / 64 * 64
    let sparse =
      model.isSparse.contains(true)
      ? OpenCLBackend.routingBytes(
        rows: rounded, experts: model.expertCount, chosen: model.chosenExperts, layers: model.layerCount, plan: plan)
      : 0
    let dense =
      model.isSparse.contains(false) || model.sharedIntermediateSize > 0
      ? OpenCLBackend.routingBytes(rows: rounded, experts: 1, chosen: 1, layers: model.layerCount, plan: plan) : 0
    let positions = min(blocks(options) * blockSize, model.maxPositions)
    return bytes + sparse + dense
      + OpenCLBackend.attentionBytes(
        model.attention, rows: rows, positions: positions,
        cache: model.kvCache(blockCount: blocks(options), blockSize: blockSize), plan: plan)
  }

  /// What products take activations as, where that is not f32.
  static func roundingBytes(_ files: ModelFiles, _ options: EngineOptions, rows: Int) -> Int {
    let formats = Set(files.checkpoint.tensors.map(\.format))
    guard let plan = options.devicePlan else { return 0 }
    let inputs = Workspace<ReferenceBackend>.productColumns(files.description)
    return Set(formats.map(plan.form)).subtracting([.float32]).reduce(0) { bytes, form in
      bytes + (rows + 63) / 64 * 64 * inputs.reduce(0) { $0 + plan.rowBytes(columns: $1, form) }
        + 64 * plan.rowBytes(columns: files.description.hiddenSize, form)
    }
  }

  /// Bytes of one layer's keys and values.
  static func cacheBytes(_ model: ModelDescription, _ options: EngineOptions, blocks: Int) -> Int {
    let shape = model.kvCache(blockCount: blocks, blockSize: blockSize)
    return options.devicePlan.map { OpenCLBackend.byteCount(shape, plan: $0) } ?? shape.byteCount
  }

  /// Of the workspace, the hidden states and the carry.
  private static func rowBytes(_ model: ModelDescription, rows: Int) -> Int {
    let rounded = (rows + 63) / 64 * 64
    return Workspace<ReferenceBackend>.byteCount(model, rows: rows) + 4 * rounded * model.hiddenSize * 4
  }

  /// Tokens, positions, slots, tiles and block tables of two batches; requests may share the blocks of prompts that begin alike.
  private static func batchBytes(_ model: ModelDescription, _ options: EngineOptions, rows: Int) -> Int {
    let blocks = blocks(options)
    let longest = min(blocks, (model.maxPositions + blockSize - 1) / blockSize)
    return 2 * (rows * 7 + min(options.maxRequests, blocks) * longest) * 4
  }

  /// Prompt tokens that pass the model together at most: what the options say; otherwise 8192, as in the paper, but
  /// fewer, to 4096, where their activations would take more than a quarter of what weights and KV cache take, and so
  /// few that the largest activation fits into a buffer of the device.
  package static func maxBatchedTokens(_ files: ModelFiles, _ options: EngineOptions) -> Int {
    if let asked = options.maxBatchedTokens { return asked }
    let model = files.description
    let blocks = blocks(options)
    let cache = cacheBytes(model, options, blocks: blocks) * model.layerCount
    let quarter = (weightBytes(files.checkpoint) + cache) / 4
    var limit = min(8192, max(4096, quarter / max(1, rowBytes(model, rows: 4096) / 4096)))
    if let plan = options.devicePlan {
      let rows = plan.maxAllocation / (4 * Workspace<ReferenceBackend>.widestColumns(model))
      limit = min(limit, max(1, rows - min(options.maxRequests, blocks)))
    }
    return limit
  }

  static func load<B: Backend>(
    _ files: ModelFiles, on backend: B, cache: KVCacheShape, weights: WeightSizes, warmUp batches: [Int],
    _ progress: @escaping LoadProgress
  ) throws -> (runner: any SequenceExecutor, expertBytes: [Int]) {
    func run<M: LanguageModel>(_ model: M) throws -> (any SequenceExecutor, [Int]) {
      let runner = try PlanRunner(model, cache: cache, weights: weights)
      for rows in batches { try runner.warmUp(rows: rows) }
      return (runner, model.expertBytes)
    }
    let positions = cache.blockCount * cache.blockSize
    return try run(Families.load(files.checkpoint, on: backend, positions: positions, progress: progress))
  }

  /// Matrices stay as they are; everything else becomes f32.
  private static func weightBytes(_ checkpoint: Checkpoint) -> Int {
    checkpoint.tensors.reduce(0) { $0 + ($1.shape.count > 1 ? $1.storedBytes : $1.elementCount * 4) }
  }
}
