import Foundation

/// Predicts how long an iteration takes, and learns it from those that have run.
///
/// Seconds are a sum of seven features of the load, each with a weight that is not negative: a constant; for each layer
/// the logarithm of its rows n, since the experts that are read grow with it; for each layer n, which are multiplied, and
/// n^1.5, since the first rows are multiplied while weights are read, so that the later ones cost more; the positions that
/// decode rows look back on; the pairs of positions that prompts attend to; the tokens that end in the LM head. The
/// weights minimise the squares of relative errors, old ones counting less and less.
package struct IterationTime: Sendable {
  package static let featureCount = 7
  /// How much an observation counts after the next one: half after about 140.
  private static let memory = 0.995

  private var normal = [[Double]](repeating: .init(repeating: 0, count: featureCount), count: featureCount)
  private var target = [Double](repeating: 0, count: featureCount)
  package private(set) var weights = [Double](repeating: 0, count: featureCount)
  package private(set) var observations = 0
  /// How much longer than predicted the last iterations took in which somebody waited for a token while a prompt passed.
  private var excess = RecentRatios()
  /// Prompt tokens × layers of the largest iteration that was seen.
  private var largestWork = 0
  /// Before anything was seen: so many prompt tokens through all layers.
  private static let firstTokens = 64

  package init() {}

  /// Learns from what a profile of the hardware predicts, so that the first iterations are known about.
  package init(seed loads: [IterationLoad], seconds: (IterationLoad) -> Double) {
    for load in loads {
      learn(Self.features(load), seconds(load))
      largestWork = max(largestWork, Self.work(load))
    }
    fit(sweeps: 400)
    observations = loads.count
    // What the features cannot express is known before it happens.
    excess = RecentRatios(loads.filter(Self.isBounded).map { seconds($0) / self.seconds($0) }.max() ?? 1)
  }

  /// Loads of all sizes, for a seed.
  package static func grid(layerCount: Int) -> [IterationLoad] {
    var loads: [IterationLoad] = []
    for rows in [0, 1, 4, 16, 64, 192] {
      for context in [256, 2048, 8192] {
        for tokens in [0, 64, 256, 1024, 4096, 8192] where rows + tokens > 0 {
          for layers in Set([1, layerCount / 4, layerCount / 2, layerCount].map { max($0, 1) }).sorted() {
            let slice = PrefillTile.Slice(request: RequestID(0), tokens: 0..<tokens)
            loads.append(
              IterationLoad(
                layerCount: layerCount, decode: DecodeLoad(rows: rows, positions: rows * context),
                tiles: tokens > 0 ? [PrefillTile(slices: [slice], layers: 0..<layers)] : []))
          }
        }
      }
    }
    return loads
  }

  /// Seconds, without a margin.
  package func seconds(_ load: IterationLoad) -> Double { seconds(features: Self.features(load)) }

  private func seconds(features: [Double]) -> Double { zip(weights, features).reduce(0) { $0 + $1.0 * $1.1 } }

  /// Seconds that such an iteration stays below nearly always, `RecentRatios` says how often; infinite for one that is
  /// more than twice as large as any that was seen.
  ///
  /// - Parameter mostExcess: the largest factor between what is predicted and the bound.
  package func bound(_ load: IterationLoad, mostExcess: Double = .infinity) -> Double {
    let limit = max(2 * largestWork, Self.firstTokens * load.layerCount)
    return Self.work(load) <= limit ? seconds(load) * min(excess.bound, mostExcess) : .infinity
  }

  /// Whether it matters how long it takes: decoding alone has nothing to be cut, and prompts alone keep nobody waiting.
  private static func isBounded(_ load: IterationLoad) -> Bool { load.decode.rows > 0 && !load.tiles.isEmpty }

  private static func work(_ load: IterationLoad) -> Int {
    load.tiles.reduce(0) { $0 + $1.tokenCount * $1.layers.count }
  }

  package mutating func observe(_ load: IterationLoad, seconds: Double) {
    guard seconds > 0, seconds.isFinite else { return }
    let features = Self.features(load)
    let predicted = self.seconds(features: features)
    // The first predictions say nothing.
    if predicted > 0, observations >= 2 * Self.featureCount, Self.isBounded(load) {
      excess.append(seconds / predicted)
    }
    largestWork = max(largestWork, Self.work(load))
    learn(features, seconds)
    fit(sweeps: 8)
    observations += 1
  }

  private mutating func learn(_ features: [Double], _ seconds: Double) {
    guard seconds > 0 else { return }
    for i in 0..<Self.featureCount {
      target[i] = target[i] * Self.memory + features[i] / seconds
      for j in 0..<Self.featureCount {
        normal[i][j] = normal[i][j] * Self.memory + features[i] * features[j] / (seconds * seconds)
      }
    }
  }

  /// Coordinate descent on the normal equations, each weight at least 0.
  private mutating func fit(sweeps: Int) {
    for _ in 0..<sweeps {
      for i in 0..<Self.featureCount where normal[i][i] > 0 {
        var rest = target[i]
        for j in 0..<Self.featureCount where j != i { rest -= normal[i][j] * weights[j] }
        weights[i] = max(0, rest / normal[i][i])
      }
    }
  }

  static func features(_ load: IterationLoad) -> [Double] {
    let layers = Double(load.layerCount)
    let decodeRows = Double(load.decode.rows)
    // Layers in no tile first, then what tiles add to theirs.
    var logarithms = layers * log2(1 + decodeRows)
    var rows = layers * decodeRows
    var steeper = layers * power(decodeRows)
    var pairs = 0.0
    var completed = decodeRows
    for (range, tokens) in rowsByLayers(load.tiles) {
      logarithms += Double(range.count) * (log2(1 + decodeRows + Double(tokens)) - log2(1 + decodeRows))
      rows += Double(range.count * tokens)
      steeper += Double(range.count) * (power(decodeRows + Double(tokens)) - power(decodeRows))
    }
    for tile in load.tiles {
      for slice in tile.slices {
        let (begin, end) = (Double(slice.tokens.lowerBound), Double(slice.tokens.upperBound))
        pairs += Double(tile.layers.count) * (end * (end + 1) - begin * (begin + 1)) / 2
      }
      if tile.layers.upperBound == load.layerCount { completed += Double(tile.slices.count) }
    }
    return [1, logarithms, rows, steeper, layers * Double(load.decode.positions), pairs, completed]
  }

  /// n^1.5
  private static func power(_ rows: Double) -> Double { rows * rows.squareRoot() }

  /// Ranges of layers with the prompt tokens that pass them.
  private static func rowsByLayers(_ tiles: [PrefillTile]) -> [(layers: Range<Int>, tokens: Int)] {
    guard tiles.count > 1 else { return tiles.map { ($0.layers, $0.tokenCount) } }
    let bounds = Set(tiles.flatMap { [$0.layers.lowerBound, $0.layers.upperBound] }).sorted()
    return zip(bounds, bounds.dropFirst()).map { begin, end in
      (begin..<end, tiles.reduce(0) { $0 + ($1.layers.contains(begin) ? $1.tokenCount : 0) })
    }
  }
}
