import Foundation
import Models
import OpenCL
import Scheduling

/// Random requests for a long time: arrivals, cancellations and preemptions, on engines with one memory after another, and
/// every output compared with that of the same request alone.
package struct Soak: Sendable {
  package var device: DeviceSelection
  package var seconds: Double
  package var seed: UInt64 = 1
  /// Seconds between two samples.
  package var interval = 10.0
  /// Seconds after which another engine with another memory takes over. All kinds of engines have been there in five minutes, so
  /// that five minutes can be compared with others: each kind takes other memory.
  package var engineSeconds = 300.0 / Double(Soak.kinds)
  /// Of engines: the policy is that of one of three, the memory for positions of two, that for experts of four.
  package static let kinds = 12
  /// Requests under way at most.
  private let mostRequests = 24

  package init(device: DeviceSelection, seconds: Double) {
    self.device = device
    self.seconds = seconds
  }

  /// What a soak came to.
  package struct Outcome: Sendable {
    package var finished = 0
    package var cancelled = 0
    package var preemptions = 0
    package var engines = 0
    package var wrong = 0
    package var failed = 0

    mutating func add(_ sample: SoakSample) {
      finished += sample.finished
      cancelled += sample.cancelled
      preemptions += sample.preemptions
      engines += sample.engines
      wrong += sample.wrong
      failed += sample.failed
    }
  }

  /// - Parameter report: told each sample.
  /// - Throws: what an engine cannot be made for, or that one has left objects of OpenCL behind.
  package func run(
    _ files: ModelFiles, report: @escaping @Sendable (SoakSample) throws -> Void
  ) async throws -> Outcome {
    let requests = SoakRequests(vocabulary: files.description.vocabularySize, seed: seed)
    let (expected, alone) = try await serially(files, requests)
    let log = SoakLog()
    let end = ContinuousClock.now + .seconds(seconds)
    let samples = Task {
      var outcome = Outcome()
      while ContinuousClock.now < end, !Task.isCancelled {
        try? await Task.sleep(for: .seconds(interval))
        let sample = await log.take()
        outcome.add(sample)
        try report(sample)
      }
      return outcome
    }
    do {
      var random = SeededRandom(seed ^ 0x736F_616B)
      let start = ContinuousClock.now
      var number = 0
      while ContinuousClock.now < end {
        let until = min(end, start + .seconds(engineSeconds * Double(number + 1)))
        try await period(
          files, options(number, files, requests), requests.all, expected, until: until, gap: alone / 8, log: log,
          &random)
        number += 1
      }
    } catch {
      samples.cancel()
      throw error
    }
    var outcome = try await samples.value
    outcome.add(await log.take())
    return outcome
  }

  /// Each request by itself, and the seconds that one takes.
  private func serially(_ files: ModelFiles, _ requests: SoakRequests) async throws -> ([[Int32]], Double) {
    var options = EngineOptions(
      device: device, cachePositions: requests.positions, expectedTokens: requests.positions)
    options.maxRequests = 1
    options.prefixCaching = false
    let engine = try Engine(files, tokenizer: nil, options: options)
    let begin = ContinuousClock.now
    var tokens: [[Int32]] = []
    for request in requests.all {
      for try await case .finished(let result) in try await engine.submit([request])[0] { tokens.append(result.tokens) }
    }
    guard tokens.count == requests.all.count else { throw EngineError("a request alone ended without a result") }
    return (tokens, (ContinuousClock.now - begin).seconds / Double(tokens.count))
  }

  /// One memory after another: room for all experts, and for half of them; for many requests' positions, and for few, so that
  /// some are preempted; prompts in layer groups, and in chunks.
  private func options(_ number: Int, _ files: ModelFiles, _ requests: SoakRequests) -> EngineOptions {
    let policy: any Policy = number.isMultiple(of: 3) ? Chunked(chunkSize: 64) : Layered(groups: 2)
    var options = EngineOptions(
      device: device, policy: policy,
      cachePositions: number.isMultiple(of: 2) ? requests.positions + 64 : requests.positions * 8, expectedTokens: 256)
    options.maxRequests = 12
    if number % 4 >= 2 {
      let plan = Engine.memoryPlan(files, options)
      options.deviceMemory = .bytes(plan.total - plan.experts / 2)
    }
    return options
  }

  /// Random requests on one engine, which is gone at the end.
  private func period(
    _ files: ModelFiles, _ options: EngineOptions, _ requests: [GenerationRequest], _ expected: [[Int32]],
    until end: ContinuousClock.Instant, gap: Double, log: SoakLog, _ random: inout SeededRandom
  ) async throws {
    let ledger = try await serve(files, options, requests, expected, until: end, gap: gap, log: log, &random)
    // An engine's threads end a moment after it.
    for _ in 0..<2000 where (ledger?.liveHandles ?? 0) > 0 { try await Task.sleep(for: .milliseconds(5)) }
    if let ledger, ledger.liveHandles > 0 {
      throw EngineError("an engine that is gone has left \(ledger.liveHandles) OpenCL objects behind")
    }
  }

  private func serve(
    _ files: ModelFiles, _ options: EngineOptions, _ requests: [GenerationRequest], _ expected: [[Int32]],
    until end: ContinuousClock.Instant, gap: Double, log: SoakLog, _ random: inout SeededRandom
  ) async throws -> AllocationLedger? {
    let engine = try Engine(files, tokenizer: nil, options: options)
    await log.began(engine.allocations)
    await withTaskGroup(of: Void.self) { group in
      var underWay = 0
      while ContinuousClock.now < end {
        let pause = -gap * Foundation.log(Double.random(in: 0.001...1, using: &random))
        try? await Task.sleep(for: .seconds(pause))
        if underWay == mostRequests {
          await group.next()
          underWay -= 1
        }
        let index = Int.random(in: requests.indices, using: &random)
        let isCancelled = Int.random(in: 0..<6, using: &random) == 0
        let limit = isCancelled ? Int.random(in: 1...max(1, expected[index].count), using: &random) : nil
        underWay += 1
        group.addTask { await follow(requests[index], expected[index], limit: limit, on: engine, log: log) }
      }
    }
    await log.ended(preemptions: await engine.schedulerStatistics.preemptions)
    return engine.allocations
  }

  /// Follows a request to its end, or drops it after `limit` tokens.
  private func follow(
    _ request: GenerationRequest, _ expected: [Int32], limit: Int?, on engine: Engine, log: SoakLog
  ) async {
    do {
      var tokens: [Int32] = []
      for try await event in try await engine.submit([request])[0] {
        switch event {
        case .prompt: break
        case .token(let token, _, _): tokens.append(token)
        case .finished(let result): return await log.finished(result, expected: expected)
        }
        if tokens.count == limit { break }
      }
      await log.cancelled(after: tokens, expected: expected)
    } catch { await log.failed() }
  }
}
