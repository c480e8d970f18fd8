import Backend
import Foundation
import Models
import OpenCL
import Scheduling

extension ServingBenchmark {
  /// - Throws: `EngineError` that says how many requests do not fit into the context or the KV cache, and what to do.
  func engineOptions(_ files: ModelFiles) throws -> EngineOptions {
    let lengths = loads.flatMap(\.workload.arrivals).map(\.lengths)
    let context = files.description.maxPositions
    try check(lengths, fit: context, "the model's context") { _ in "take such lines out of the trace" }
    let mostPositions = Int(Int32.max) * Engine.blockSize
    if let cachePositions, !(1...mostPositions).contains(cachePositions) {
      let expected = cachePositions < 1 ? "1 or more" : "at most \(mostPositions)"
      throw EngineError("cache-positions is \(cachePositions), expected \(expected)")
    }
    // Full prompts of the most requests at once; where the experts do not all fit beside these, of one.
    var options = engineOptions(files, promptsAtOnce: maxRequests)
    if !Engine.memoryPlan(files, options).fitsAll { options = engineOptions(files, promptsAtOnce: 1) }
    let held = (options.cachePositions + Engine.blockSize - 1) / Engine.blockSize * Engine.blockSize
    try check(lengths, fit: held, "the KV cache") { needed in
      cachePositions == nil
        ? "the device has no memory for more" : "give cache-positions \(needed) or more"
    }
    return options
  }

  private func engineOptions(_ files: ModelFiles, promptsAtOnce: Int) -> EngineOptions {
    let lengths = loads.flatMap(\.workload.arrivals).map(\.lengths)
    let tokens = loads.map { load in
      load.workload.arrivals.map(\.lengths.promptTokens).sorted(by: >).prefix(promptsAtOnce).reduce(0, +)
    }
    var options = EngineOptions(
      device: device, cachePositions: Engine.blockSize, expectedTokens: min(max(tokens.max() ?? 1, 1), maxBatchedTokens)
    )
    if policies.contains(where: { $0.name == .continuous }) {
      // It cuts no prompt, nor one that comes again with what it has generated.
      options.policy = Continuous()
      options.expectedTokens = max(options.expectedTokens, lengths.map(\.positions).max() ?? 1)
    }
    options.maxBatchedTokens = maxBatchedTokens
    options.maxRequests = maxRequests
    options.deviceMemory = deviceMemory
    options.activations = activations
    options.recordsIterations = keepsDetails
    options.experts = experts
    options.cachePositions = cachePositions ?? Self.usefulPositions(loads, maxRequests)
    if cachePositions == nil {
      options.cachePositions = min(
        options.cachePositions,
        Engine.cachePositionsThatFit(files, options, least: lengths.map(\.positions).max() ?? 1))
    }
    return options
  }

  private func check(
    _ lengths: [Trace.Entry], fit positions: Int, _ what: String, advice: (Int) -> String
  ) throws(EngineError) {
    let tooLong = lengths.filter { $0.positions > positions }
    guard let longest = tooLong.max(by: { $0.positions < $1.positions }) else { return }
    throw EngineError(
      "\(tooLong.count) of \(lengths.count) requests do not fit into \(what) of \(positions) positions: the longest has "
        + "\(longest.promptTokens) prompt tokens and \(longest.outputTokens) to generate, which need \(longest.positions); "
        + advice(longest.positions))
  }

  /// What the largest requests of a load need together, as many as may run at once.
  private static func usefulPositions(_ loads: [Load], _ maxRequests: Int) -> Int {
    let block = Engine.blockSize
    return loads.map { load in
      let needs = load.workload.arrivals.map { arrival in
        // A block more for each, so that it can always go on.
        (arrival.lengths.promptTokens + arrival.lengths.outputTokens + 2 * block - 2) / block * block
      }
      return needs.sorted(by: >).prefix(maxRequests).reduce(0, +)
    }.max() ?? block
  }
}
