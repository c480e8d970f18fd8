/// The ops of a Mixture-of-Experts transformer, on some device.
///
/// Activations and accumulation are f32; weights are in the backend's own layout. Ops are queued in order and may
/// run later; `read` waits. Every op computes a row of the batch by the same arithmetic in the same order, whatever
/// the other rows and however many there are: the schedule never changes a bit of the answer.
///
/// Sizes are preconditions (the model derives them once, from its checked configuration); what comes from outside,
/// such as tokens and KV blocks, is checked in `prepare`.
package protocol Backend: AnyObject {
  /// f32 [n].
  associatedtype Vector
  /// [rows, columns], laid out for the device.
  associatedtype Matrix
  /// One layer's experts, or the one that a dense layer is.
  associatedtype Experts
  /// f32 [rows, columns], row-major.
  associatedtype Activation
  /// One layer's keys and values, in blocks.
  associatedtype KVCache
  /// A `BatchLayout` on the device.
  associatedtype Batch
  /// Which experts a layer's router chose for each row, and the rows of each expert.
  associatedtype Routing

  /// What runs the ops, for reports: the device's name.
  var name: String { get }

  /// What products of weights in blocks take their activations as.
  var activations: ActivationPrecision { get }

  // MARK: Memory

  /// - Throws: if the device cannot hold it; the error says how much was wanted and for what.
  func makeActivation(rows: Int, columns: Int, label: String) throws -> Activation
  func makeKVCache(_ shape: KVCacheShape, label: String) throws -> KVCache
  /// Room for the choice of `chosen` out of `experts` for up to `rows` rows; one at a time, while the loads of each of
  /// `layers` layers are counted apart.
  func makeRouting(rows: Int, experts: Int, chosen: Int, layers: Int, label: String) throws -> Routing
  func loadVector(_ values: [Float], label: String) throws -> Vector
  /// Copies the weights into the layout that this backend's kernels read.
  func loadMatrix(_ source: MatrixSource) throws -> Matrix
  /// Makes a layer's experts known. Those of a dense layer are copied at once; of the others a backend may copy each when
  /// it is first needed.
  func loadExperts(_ source: ExpertsSource) throws -> Experts
  /// All experts are known: divides the memory for them, and begins to bring them if all fit.
  /// - Throws: if the device has too little memory.
  func settleExperts() throws
  /// Waits until all experts that have a place of their own are on the device.
  func finishLoading() throws
  /// Bytes in buffers of the device, now and at most; nil for a backend without a device.
  var allocatedBytes: (live: Int, peak: Int)? { get }
  /// Told before an iteration what it and the next one run.
  func expect(_ forecast: IterationForecast)
  /// Experts moved so far.
  var expertTransfers: ExpertTransfers { get }
  /// What one expert takes in the backend's layout, with padding.
  func byteCount(ofExpert experts: Experts) -> Int
  /// Forgets what ops have put off, after one that failed.
  func abandon()
  /// Puts a batch's tokens, positions and block tables on the device.
  /// - Throws: `BackendError` for a token outside `vocabulary` or a block outside the cache.
  func prepare(_ layout: BatchLayout, vocabulary: Int, cache: KVCacheShape) throws -> Batch

  // MARK: Ops

  /// out[r, :] = scale · table[token(r), :] for `rows` of the batch.
  func embed(_ batch: Batch, rows: Range<Int>, table: Matrix, scale: Float, into out: Activation) throws

  /// out[r, :] = x[r, :] / sqrt(mean(x[r, :]²) + ε) ⊙ weight (Zhang and Sennrich 2019).
  func rmsNorm(_ x: Activation, weight: Vector, epsilon: Float, rows: Int, into out: Activation) throws

  /// out[r, column…] = scale · (x[r, :] Wᵀ + bias), or out += it with `accumulate`; the other columns of `out` stay.
  func linear(
    _ x: Activation, _ weight: Matrix, options: LinearOptions<Vector>, rows: Int, into out: Activation) throws

  /// Of each head h the first columns of its part of `x`, through the matrix of expert h of `weights`; the others as they
  /// are behind them.
  ///
  /// Head h of `x` is the columns from h · headSize on, and K of them are multiplied:
  /// out[r, h · (N + headSize − K)…] = (x[r, h · headSize ..< + K] Wₕᵀ, x[r, h · headSize + K ..< (h + 1) · headSize]), for
  /// Wₕ [N, K]. Columns of `out` behind those of the heads stay.
  func multiplyHeads(_ x: Activation, headSize: Int, _ weights: Matrix, rows: Int, into out: Activation) throws

  /// Per head: RMS norm of queries and keys where given, clipping, rotary embedding by position; queries stay in `qkv`, keys
  /// and values go to their slots of the cache.
  ///
  /// `qkv` is [rows, qkvColumns]: queries, keys, and values where they are no part of the keys.
  func prepareHeads(_ qkv: Activation, _ heads: HeadOptions<Vector>, batch: Batch, rows: Int, cache: KVCache) throws

  /// Causal grouped-query attention of the queries in `qkv` over the cache: out[r, head, :] = softmax(q Kᵀ · scale) V.
  ///
  /// - Parameter sinks: [queryHeads] or nil: a logit that takes part in each head's softmax and has no value.
  /// - Precondition: `rows` ends at the end of a run of the batch.
  func attention(
    _ qkv: Activation, shape: AttentionShape, sinks: Vector?, batch: Batch, rows: Int, cache: KVCache,
    into out: Activation) throws

  /// `prepareHeads`, then `attention` of the same rows.
  func attend(
    _ qkv: Activation, _ heads: HeadOptions<Vector>, sinks: Vector?, batch: Batch, rows: Int, cache: KVCache,
    into out: Activation) throws

  /// Chooses experts from the router's logits [rows, experts].
  ///
  /// - Parameter correction: [experts] or nil: added to the scores for the choice, but not for the weights.
  func route(
    logits: Activation, rows: Int, options: RouterOptions, correction: Vector?, into routing: Routing) throws

  /// Makes `indices` and `weights`, [rows · chosen], the choice of the first rows, as `route` would have chosen so.
  ///
  /// - Parameter options: where the use is counted; nil for nowhere.
  func choose(_ indices: [Int32], weights: [Float], options: RouterOptions?, into routing: Routing) throws

  /// Sends every row to the single expert of a dense layer, with weight 1, or with σ(gate[r, 0]).
  func routeAll(rows: Int, gate: Activation?, into routing: Routing) throws

  /// hidden = activation(x Gₑᵀ + g, x Uₑᵀ + u) and out[r · chosen + j, :] = hidden Dₑᵀ + d for the j-th expert e chosen for
  /// row r.
  ///
  /// `hidden` is room for [rows · chosen, intermediate], and may stay as it is where a backend has another form of it; `out`
  /// is [rows · chosen, columns of x].
  func experts(
    _ x: Activation, _ experts: Experts, routing: Routing, rows: Int, hidden: Activation, into out: Activation) throws

  /// x[r, :] += Σⱼ weight(r, j) · expertOut[r · chosen + j, :], in the order of j.
  func combine(_ expertOut: Activation, routing: Routing, rows: Int, addingTo x: Activation) throws

  /// Runs `ops`, which work on `rows` rows, in a pass that comes again and again: for the same number of rows `ops` makes the
  /// same calls with the same arguments each time, but for the batch, in which each row is a sequence's only one. A backend
  /// may queue at once, behind the last of them, what they queue, or leave `ops` out and queue what it queued last time
  /// with this batch: buffers have to stay from one pass to the next, and only one caller does this on a backend.
  func again(_ batch: Batch, rows: Int, _ ops: () throws -> Void) throws

  /// Runs `body` while products of weights in these formats, and rows of experts, are cut in another way than usual.
  /// - Returns: what `body` returns; nil, and it was not run, where there is no other way.
  func cutting<Result>(
    _ cut: ProductCut, _ formats: Set<ElementFormat>, _ body: () throws -> Result
  ) throws -> Result?

  /// Copies `rows` of `source` to the rows of `destination` from `start` on.
  func copyRows(_ source: Activation, rows: Range<Int>, to destination: Activation, at start: Int) throws

  /// out[i, :] = x[indices[i], :].
  func gatherRows(_ x: Activation, indices: [Int], into out: Activation) throws

  // MARK: Values in and out

  /// Copies `values`, whole rows, to the rows of `x` from `row` on; for checks of single ops.
  func write(_ values: [Float], to x: Activation, at row: Int) throws

  /// Waits, and copies `rows` of an activation to the host.
  func read(_ x: Activation, rows: Range<Int>) throws -> [Float]
  /// Waits, and copies the chosen experts of `rows`: [rows · chosen], best first.
  func readChoice(_ routing: Routing, rows: Range<Int>) throws -> [Int32]
  /// Waits, and copies the weights of the chosen experts of `rows`: [rows · chosen].
  func readWeights(_ routing: Routing, rows: Range<Int>) throws -> [Float]
  /// Waits, and reads how many experts' weights the uses of this routing have loaded since it was made, by layer.
  func readExpertLoads(_ routing: Routing) throws -> [ExpertLoads]
  /// Waits, and reads how many rows each expert had in the uses of this routing since it was made: [layers][experts].
  func readExpertRows(_ routing: Routing) throws -> [[Int]]
}

extension Backend {
  package func settleExperts() {}
  package func abandon() {}
  package func finishLoading() {}
  package var allocatedBytes: (live: Int, peak: Int)? { nil }
  package func expect(_ forecast: IterationForecast) {}
  package var expertTransfers: ExpertTransfers { ExpertTransfers() }
}

// Ops one after the other.
extension Backend {
  package func again(_ batch: Batch, rows: Int, _ ops: () throws -> Void) throws { try ops() }

  package func attend(
    _ qkv: Activation, _ heads: HeadOptions<Vector>, sinks: Vector?, batch: Batch, rows: Int, cache: KVCache,
    into out: Activation
  ) throws {
    try prepareHeads(qkv, heads, batch: batch, rows: rows, cache: cache)
    try attention(qkv, shape: heads.shape, sinks: sinks, batch: batch, rows: rows, cache: cache, into: out)
  }
}

// The ops without what most models leave out.
extension Backend {
  package func embed(_ batch: Batch, rows: Range<Int>, table: Matrix, into out: Activation) throws {
    try embed(batch, rows: rows, table: table, scale: 1, into: out)
  }

  package func linear(_ x: Activation, _ weight: Matrix, rows: Int, into out: Activation, accumulate: Bool) throws {
    try linear(x, weight, options: LinearOptions(accumulate: accumulate), rows: rows, into: out)
  }

  package func attention(
    _ qkv: Activation, shape: AttentionShape, batch: Batch, rows: Int, cache: KVCache, into out: Activation
  ) throws {
    try attention(qkv, shape: shape, sinks: nil, batch: batch, rows: rows, cache: cache, into: out)
  }

  package func route(logits: Activation, rows: Int, options: RouterOptions, into routing: Routing) throws {
    try route(logits: logits, rows: rows, options: options, correction: nil, into: routing)
  }

  package func routeAll(rows: Int, into routing: Routing) throws {
    try routeAll(rows: rows, gate: nil, into: routing)
  }
}
