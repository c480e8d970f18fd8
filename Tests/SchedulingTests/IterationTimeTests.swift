import Scheduling
import Testing

struct IterationTimeTests {
  private static let layers = 12

  static func load(decode rows: Int, context: Int = 500, tokens: Int, layers: Range<Int> = 0..<12) -> IterationLoad {
    let slice = PrefillTile.Slice(request: RequestID(0), tokens: 0..<tokens)
    return IterationLoad(
      layerCount: Self.layers, decode: DecodeLoad(rows: rows, positions: rows * context),
      tiles: tokens > 0 ? [PrefillTile(slices: [slice], layers: layers)] : [])
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

  /// A device that becomes twice as slow: the bound follows at once, the weights after some hundred iterations.
  @Test func followsADeviceThatChanges() {
    var time = IterationTime(seed: IterationTime.grid(layerCount: Self.layers), seconds: Self.linear)
    let load = Self.load(decode: 20, tokens: 500)
    let slow = 2 * Self.linear(load)
    time.observe(load, seconds: slow)
    #expect(time.bound(load) > 0.95 * slow)
    for _ in 0..<1000 { time.observe(load, seconds: slow) }
    #expect(abs(time.seconds(load) / slow - 1) < 0.05)
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
