import Scheduling
import Testing

/// Twelve layers on a device that takes 2 ms, and 1 µs for each row and layer.
struct AdaptiveTests {
  private static let layers = 12

  private func policy(target: Double) -> Adaptive {
    Adaptive(
      tbtTarget: target,
      time: IterationTime(
        seed: IterationTime.grid(layerCount: Self.layers), seconds: IterationTimeTests.linear))
  }

  private func view(_ prompts: [Prefill], decode rows: Int) -> PrefillView {
    PrefillView(
      layerCount: Self.layers, maxBatchedTokens: 8192, decode: DecodeLoad(rows: rows, positions: rows * 300),
      prompts: prompts)
  }

  private func seconds(_ tiles: [PrefillTile], decode rows: Int) -> Double {
    IterationTimeTests.linear(
      IterationLoad(layerCount: Self.layers, decode: DecodeLoad(rows: rows, positions: 0), tiles: tiles))
  }

  @Test func nothingIsCutWhileNobodyDecodes() {
    let policy = policy(target: 0.004)
    let prompts = [Prefill(id: RequestID(0), length: 5000), Prefill(id: RequestID(1), length: 100)]
    let tiles = policy.nextTiles(view(prompts, decode: 0))
    #expect(tiles.map(\.layers) == [0..<12])
    #expect(tiles.first?.tokenCount == 5100)
  }

  /// What is under way passes all of its remaining layers as soon as nobody decodes.
  @Test func whatIsUnderWayIsFinishedWhenNobodyDecodes() {
    var long = Prefill(id: RequestID(0), length: 5000)
    long.underWay = (0..<5000, 3)
    let tiles = policy(target: 0.004).nextTiles(view([long], decode: 0))
    #expect(tiles.map(\.layers) == [3..<12])
  }

  /// The tile has as many layers as the target allows, and one more would exceed it.
  @Test(arguments: [0.006, 0.010, 0.020, 0.040])
  func theTileGrowsToTheTarget(target: Double) throws {
    let policy = policy(target: target)
    let tile = try #require(policy.nextTiles(view([Prefill(id: RequestID(0), length: 2000)], decode: 10)).first)
    #expect(tile.layers.lowerBound == 0 && tile.tokenCount == 2000)
    #expect(seconds([tile], decode: 10) <= target)
    var larger = tile
    larger.layers = 0..<min(tile.layers.upperBound + 1, Self.layers)
    // Two layers of margin, for 0.9 of the target and what the model of time is off.
    if tile.layers.upperBound + 2 <= Self.layers { larger.layers = 0..<tile.layers.upperBound + 2 }
    #expect(tile.layers.upperBound == Self.layers || seconds([larger], decode: 10) > 0.85 * target)
  }

  @Test func aLargerTargetGivesNoSmallerTile() {
    let sizes = [0.005, 0.01, 0.02, 0.03, 0.1].map { target in
      policy(target: target).nextTiles(view([Prefill(id: RequestID(0), length: 2000)], decode: 10))
        .reduce(0) { $0 + $1.tokenCount * $1.layers.count }
    }
    #expect(sizes == sizes.sorted())
    #expect(sizes.last == 2000 * Self.layers)
  }

  /// If not even one layer of all tokens fits, the tokens are cut, too.
  @Test func tokensAreCutWhenALayerIsTooMuch() throws {
    let tile = try #require(
      policy(target: 0.005).nextTiles(view([Prefill(id: RequestID(0), length: 8000)], decode: 10)).first)
    #expect(tile.layers == 0..<1)
    #expect((1..<8000).contains(tile.tokenCount))
    #expect(seconds([tile], decode: 10) <= 0.005)
    #expect(seconds([tile], decode: 10) > 0.85 * 0.005, "as many as fit")
  }

  /// No tile keeps a target that decoding alone misses: prompts get as much time as decoding, and do not starve.
  @Test func anImpossibleTargetMakesProgress() throws {
    let tile = try #require(
      policy(target: 0.0001).nextTiles(view([Prefill(id: RequestID(0), length: 8000)], decode: 10)).first)
    #expect(abs(seconds([tile], decode: 10) / (2 * seconds([], decode: 10)) - 1) < 0.15)
  }

  /// One iteration that takes four times as long as predicted changes nothing that matters. After a second one tiles are
  /// made with a larger margin, which ends at a third of the target: prompts do not stop.
  @Test func lateIterationsDoNotStopPrompts() throws {
    var policy = policy(target: 0.02)
    let view = view([Prefill(id: RequestID(0), length: 4000)], decode: 300)
    func next() throws -> PrefillTile { try #require(policy.nextTiles(view).first) }
    func late(_ factor: Double) throws {
      let load = IterationLoad(layerCount: Self.layers, decode: view.decode, tiles: [try next()])
      policy.observe(load, seconds: factor * IterationTimeTests.linear(load))
    }
    for _ in 0..<128 { try late(1) }
    let before = try next()
    try late(4)
    #expect(try abs(next().layers.count - before.layers.count) <= 1)
    try late(4)
    let after = try next()
    #expect(seconds([after], decode: 300) < seconds([before], decode: 300))
    #expect(seconds([after], decode: 300) > 1.35 * seconds([], decode: 300))
  }

  /// A short prompt passes all layers in a tile of its own beside a layer of the long one; one that is not short waits.
  @Test func aShortPromptSlipsIn() {
    var long = Prefill(id: RequestID(0), length: 4000)
    long.underWay = (0..<4000, 2)
    let prompts = [long, Prefill(id: RequestID(1), length: 200), Prefill(id: RequestID(2), length: 1500)]
    let tiles = policy(target: 0.012).nextTiles(view(prompts, decode: 4))
    #expect(tiles.count == 2)
    #expect(tiles.first?.layers.lowerBound == 2 && tiles.first?.slices.first?.request == RequestID(0))
    #expect(tiles.last?.layers == 0..<12 && tiles.last?.slices.map(\.request) == [RequestID(1)])
    #expect(seconds(tiles, decode: 4) <= 0.012)
  }

  /// Long prompts wait before it, and the one under way was cut because of them: it does not wait for them, either.
  @Test func aShortPromptPassesLongOnesThatWait() throws {
    var simulation = Simulation(policy: policy(target: 0.02), layers: Self.layers, blocks: 3000)
    try simulation.add(prompt: 10, maxTokens: 100)
    simulation.advance()
    for length in [9000, 8000, 8000, 300] { try simulation.add(prompt: length, maxTokens: 1) }
    simulation.run()
    simulation.checkEnd()
    #expect(simulation.finished.first == RequestID(4))
    #expect(simulation.tiles.first { $0.slices[0].request == RequestID(1) }?.tokenCount == 7168)
    let own = try #require(simulation.tiles.firstIndex { $0.slices[0].request == RequestID(4) })
    #expect(own <= 3, "in the second iteration of the first long one")
  }

  /// Only what does not fit whole is cut.
  @Test(arguments: [([8192], 8192), ([4000, 4192], 8192), ([8000, 300], 8000), ([4000, 4193], 7168), ([8193], 7168)])
  func roomForGuestsIsLeftWhereAPromptIsCut(prompts: [Int], begins: Int) throws {
    let view = view(
      prompts.enumerated().map { Prefill(id: RequestID($0), length: $1) }, decode: 1)
    #expect(policy(target: 1).nextTiles(view).first?.tokenCount == begins)
  }

  /// There is no time for it: it waits, and the long one goes on.
  @Test func aShortPromptWaitsIfTheTargetWouldBeMissed() {
    var long = Prefill(id: RequestID(0), length: 4000)
    long.underWay = (0..<4000, 2)
    let tiles = policy(target: 0.0075).nextTiles(
      view([long, Prefill(id: RequestID(1), length: 900)], decode: 4))
    #expect(tiles.map { $0.slices.map(\.request) } == [[RequestID(0)]])
  }

  /// Whole runs: every token passes every layer once and in order, and everybody who runs decodes in every plan.
  @Test(arguments: [0.003, 0.01, 1])
  func aRunIsComplete(target: Double) throws {
    var simulation = Simulation(policy: policy(target: target), layers: Self.layers, blocks: 300)
    for length in [700, 30, 5, 1200, 64] { try simulation.add(prompt: length, maxTokens: 12) }
    simulation.run()
    simulation.checkEnd()
  }
}
