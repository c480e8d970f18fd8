import Engine
import Scheduling

/// Follows requests through an engine's events, and tells their times.
struct RequestClock: Sendable {
  /// What is known of a request on its way.
  struct Life: Sendable {
    let promptTokens: Int
    let maxTokens: Int
    let arrival: Double
    var began: Double?
    var tokens = 0
    var firstToken: Double?
    var lastToken: Double?
    /// Iterations that ran a tile of its prompt.
    var tiles = 0
  }

  private var lives: [RequestID: Life] = [:]

  /// What an iteration meant for requests, in seconds.
  struct Step: Sendable {
    var timesToFirstToken: [Double] = []
    var timesBetweenTokens: [Double] = []
    var queueTimes: [Double] = []
    /// Tiles of each prompt that was completed.
    var tilesOfPrompts: [Int] = []
    var prompts: [Int] = []
    var ended: [(life: Life, reason: String, time: Double)] = []
  }

  mutating func submit(_ id: RequestID, _ life: Life) { lives[id] = life }

  mutating func drop(_ id: RequestID) -> Life? { lives.removeValue(forKey: id) }

  mutating func advance(_ iteration: EngineIteration) -> Step {
    var step = Step()
    for slice in iteration.plan.prefill.flatMap(\.slices) {
      guard var life = lives.removeValue(forKey: slice.request) else { continue }
      if life.began == nil {
        life.began = iteration.began
        step.queueTimes.append(max(0, iteration.began - life.arrival))
      }
      life.tiles += 1
      lives[slice.request] = life
    }
    for id in iteration.outcome.advanced {
      guard var life = lives.removeValue(forKey: id) else { continue }
      life.tokens += 1
      if let last = life.lastToken {
        step.timesBetweenTokens.append(iteration.ended - last)
      } else {
        life.firstToken = iteration.ended
        step.timesToFirstToken.append(iteration.ended - life.arrival)
        step.tilesOfPrompts.append(life.tiles)
        step.prompts.append(life.promptTokens)
      }
      life.lastToken = iteration.ended
      lives[id] = life
    }
    for (id, reason) in iteration.reasons {
      if let life = lives.removeValue(forKey: id) { step.ended.append((life, reason.rawValue, iteration.ended)) }
    }
    for id in iteration.outcome.failed.keys {
      if let life = lives.removeValue(forKey: id) { step.ended.append((life, "error", iteration.ended)) }
    }
    return step
  }
}
