import Backend

/// How probable it is that decoding rows need an expert when they visit its layer next: by frequency and by recency, and
/// which of the two has predicted better so far.
///
/// Both are exponential averages over a layer's visits, with different memories. Which suits depends on the model: some have
/// hot experts, some only repeat what the last tokens used. Each is judged by what a small cache a layer that follows it
/// would have held.
struct ExpertScores {
  /// One average, and the cache that would follow it.
  private struct Average {
    /// Of the old value, at a visit.
    let memory: Double
    var scores: [Double]
    var isHeld: [Bool]
    var hits = 0.0

    init(memory: Double, count: Int) {
      self.memory = memory
      scores = Array(repeating: 0, count: count)
      isHeld = Array(repeating: false, count: count)
    }

    mutating func observe(_ layer: Range<Int>, used: [Int], capacity: Int) {
      hits *= 0.999
      for expert in used where isHeld[expert] { hits += 1 }
      for expert in layer { scores[expert] *= memory }
      for expert in used {
        scores[expert] += 1 - memory
        isHeld[expert] = true
      }
      var held = layer.filter { isHeld[$0] }
      guard held.count > capacity else { return }
      held.sort { (scores[$0], $0) < (scores[$1], $1) }
      for expert in held.prefix(held.count - capacity) { isHeld[expert] = false }
    }
  }

  private let expertsPerLayer: Int
  /// Experts of a layer that would be held.
  private let capacity: Int
  private var frequency: Average
  private var recency: Average

  init(layerCount: Int, expertsPerLayer: Int, slotCount: Int) {
    self.expertsPerLayer = expertsPerLayer
    capacity = max(1, slotCount / max(layerCount, 1))
    frequency = Average(memory: 0.99, count: layerCount * expertsPerLayer)
    recency = Average(memory: 0.8, count: layerCount * expertsPerLayer)
  }

  /// Which of the two has predicted better.
  var better: ExpertRetention { recency.hits > frequency.hits ? .recency : .frequency }

  /// Takes shares of use, [experts] for a layer, as what was seen so far.
  mutating func seed(layer: Int, _ shares: [Double]) {
    for (expert, share) in shares.prefix(expertsPerLayer).enumerated() {
      frequency.scores[layer * expertsPerLayer + expert] = share
    }
  }

  /// Decoding rows visited a layer and used these of its experts, each named once.
  mutating func observe(layer: Int, used: [Int]) {
    let range = layer * expertsPerLayer..<(layer + 1) * expertsPerLayer
    let experts = used.map { range.lowerBound + $0 }
    frequency.observe(range, used: experts, capacity: capacity)
    recency.observe(range, used: experts, capacity: capacity)
  }

  /// The score that a retention goes by.
  func score(_ expert: Int, _ retention: ExpertRetention) -> Double {
    switch retention == .auto ? better : retention {
    case .recency: recency.scores[expert]
    default: frequency.scores[expert]
    }
  }
}
