import Foundation
import Scheduling
import TestSupport
import Testing

struct IterationTimeTests {
  private static let layers = 12

  /// - Parameter prompts: how many prompts have `tokens` together, each as many.
  static func load(
    decode rows: Int, context: Int = 500, tokens: Int, prompts: Int = 1, layers: Range<Int> = 0..<12
  ) -> IterationLoad {
    let slices = (0..<prompts).map { PrefillTile.Slice(request: RequestID($0), tokens: 0..<tokens / prompts) }
    return IterationLoad(
      layerCount: Self.layers, decode: DecodeLoad(rows: rows, positions: rows * context),
      tiles: tokens > 0 ? [PrefillTile(slices: slices, layers: layers)] : [])
  }

  /// A device whose time is made of the features: 2 ms, and 1 µs a row and layer.
  static func linear(_ load: IterationLoad) -> Double {
    let rows = load.decode.rows * load.layerCount + load.tiles.reduce(0) { $0 + $1.tokenCount * $1.layers.count }
    return 2e-3 + 1e-6 * Double(rows)
  }

  @Test func findsTheWeightsOfALinearDevice() {
    let time = IterationTime(seed: IterationTime.grid(layerCount: Self.layers), seconds: Self.linear)
    for load in [
      Self.load(decode: 7, tokens: 0), Self.load(decode: 30, tokens: 700), Self.load(decode: 0, tokens: 3000),
      Self.load(decode: 100, tokens: 900, layers: 3..<5),
    ] {
      #expect(abs(time.seconds(load) / Self.linear(load) - 1) < 0.1, "\(load.decode)")
      #expect(time.bound(load) >= time.seconds(load))
    }
    #expect(time.weights.allSatisfy { $0 >= 0 })
  }

  @Test func learnsFromWhatItSees() {
    var time = IterationTime()
    for step in 0..<400 {
      let load = Self.load(decode: 1 + step % 20, tokens: step % 3 == 0 ? 0 : 40 * (step % 7))
      time.observe(load, seconds: Self.linear(load))
    }
    #expect(time.observations == 400)
    let load = Self.load(decode: 10, tokens: 100)
    #expect(abs(time.seconds(load) / Self.linear(load) - 1) < 0.1)
  }

  private static func seeded() -> IterationTime {
    IterationTime(seed: IterationTime.grid(layerCount: layers), seconds: linear)
  }

  /// A device that becomes twice as slow: the bound follows with the second iteration, the weights after some hundred.
  /// When it is as fast again, so is what is predicted.
  @Test func followsADeviceThatChanges() {
    var time = Self.seeded()
    let load = Self.load(decode: 20, tokens: 500)
    let slow = 2 * Self.linear(load)
    for _ in 0..<2 { time.observe(load, seconds: slow) }
    #expect(time.bound(load) > 0.95 * slow)
    for _ in 0..<1000 {
      time.observe(load, seconds: slow)
      #expect(time.bound(load) > 0.95 * slow)
    }
    #expect(abs(time.seconds(load) / slow - 1) < 0.05)
    for _ in 0..<600 { time.observe(load, seconds: slow / 2) }
    #expect(time.bound(load) < 1.05 * slow / 2)
  }

  /// One late iteration changes next to nothing. Two change the bound, and are forgotten after 127 others.
  @Test(arguments: [2.0, 10, 1000])
  func lateIterationsAreForgotten(factor: Double) {
    var time = Self.seeded()
    let load = Self.load(decode: 20, tokens: 500)
    let seconds = Self.linear(load)
    for _ in 0..<128 { time.observe(load, seconds: seconds) }
    #expect(abs(time.bound(load) / seconds - 1) < 0.02)
    time.observe(load, seconds: factor * seconds)
    #expect(abs(time.bound(load) / seconds - 1) < 0.02)
    time.observe(load, seconds: factor * seconds)
    #expect(time.bound(load) > 0.95 * factor * seconds)
    for _ in 0..<127 { time.observe(load, seconds: seconds) }
    #expect(abs(time.bound(load) / seconds - 1) < 0.02)
  }

  /// Decoding alone, and prompts alone, can be as late as they like: nothing is cut for their sake.
  @Test func onlyIterationsThatCanBeCutCount() {
    var time = Self.seeded()
    let load = Self.load(decode: 20, tokens: 500)
    let alone = [Self.load(decode: 20, tokens: 0), Self.load(decode: 0, tokens: 500)]
    for _ in 0..<128 { time.observe(load, seconds: Self.linear(load)) }
    for load in alone + alone { time.observe(load, seconds: 5 * Self.linear(load)) }
    #expect(time.bound(load) < 1.1 * Self.linear(load))
  }

  /// Noise that only delays: of 1 % on average, of 20 %, and of 1 % with an iteration in a hundred ten times as long. The
  /// bound is exceeded in 2 of 129 iterations, as `RecentRatios` says, as far as the weights do not change.
  @Test(arguments: [(0.01, 0.0), (0.2, 0.0), (0.01, 0.01)])
  func theBoundIsSeldomExceeded(delay: Double, outliers: Double) {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    var time = Self.seeded()
    var exceeded = 0
    let count = 20_000
    for index in 0..<200 + count {
      let load = Self.load(decode: 1 + index % 20, tokens: 1 + 100 * (index % 7))
      var seconds = Self.linear(load) * (1 - delay * log(.random(in: Double.ulpOfOne..<1, using: &random)))
      if Double.random(in: 0..<1, using: &random) < outliers { seconds *= 10 }
      if index >= 200, seconds > time.bound(load) { exceeded += 1 }
      time.observe(load, seconds: seconds)
    }
    #expect(abs(Double(exceeded) / Double(count) / (2.0 / 129) - 1) < 0.4, "seed \(seed): \(exceeded)")
  }

  /// Reading and multiplying that overlap: up to some hundred rows only the reading shows, then every row. The time grows
  /// with rows and not with pairs of positions, of which four prompts have a quarter of those of one.
  @Test(arguments: [1, 4])
  func aDeviceThatIsBoundByReadingFirst(prompts: Int) {
    func seconds(_ load: IterationLoad) -> Double {
      let tokens = load.tiles.first.map { ($0.tokenCount, $0.layers.count) } ?? (0, 0)
      func layer(_ rows: Int) -> Double { (1 + Double(rows * rows) / 1e6).squareRoot() * 1e-3 }
      return Double(tokens.1) * layer(tokens.0 + load.decode.rows)
        + Double(Self.layers - tokens.1) * layer(load.decode.rows)
    }
    let time = IterationTime(seed: IterationTime.grid(layerCount: Self.layers), seconds: seconds)
    for tokens in [100, 400, 1000, 2000, 4000, 8000] {
      let load = Self.load(decode: 60, tokens: tokens, prompts: prompts)
      #expect(abs(time.seconds(load) / seconds(load) - 1) < 0.1, "\(tokens) tokens")
    }
  }

  /// Nothing is known of work more than twice as large as any that was seen.
  @Test func aLeapIntoTheUnknownHasNoBound() {
    var time = IterationTime()
    #expect(time.bound(Self.load(decode: 1, tokens: 64)).isFinite)
    #expect(time.bound(Self.load(decode: 1, tokens: 65)).isInfinite)
    time.observe(Self.load(decode: 1, tokens: 64), seconds: 0.01)
    #expect(time.bound(Self.load(decode: 1, tokens: 128)).isFinite)
    #expect(time.bound(Self.load(decode: 1, tokens: 129)).isInfinite)
    #expect(time.bound(Self.load(decode: 1, tokens: 1290, layers: 0..<1)).isFinite, "work is tokens × layers")
  }

  @Test func anImpossibleTimeIsNotLearned() {
    var time = IterationTime()
    for seconds in [0, -1, .nan, .infinity] { time.observe(Self.load(decode: 1, tokens: 1), seconds: seconds) }
    #expect(time.observations == 0)
  }
}
