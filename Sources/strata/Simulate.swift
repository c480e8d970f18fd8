import ArgumentParser
import Engine
import Foundation
import Profiling
import Scheduling
import Simulation

struct Simulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Predicts how policies serve a load: the scheduler that serves, on a virtual clock.",
    discussion: """
      Without another mode, runs --trace at each --request-rate with each --policy. --prompt-tokens runs one prompt alone, \
      --crossover finds where layered is better than the best chunk size, and --fit finds the seconds of the host at \
      which 90 % of the requests keep their limits at --request-rate.
      """)

  @Option(help: "Folder of the model, or its config.json: no weights are needed.")
  var model: String

  @Option(help: "Hardware: \(HardwareProfile.names.joined(separator: ", ")), or a JSON file.")
  var profile: String?

  @OptionGroup var calibration: CalibrationOptions

  @OptionGroup var serving: ServingOptions

  @Option(parsing: .unconditional, help: "Positions of one sequence. Default: the model's context.")
  var maxModelLen: Int?

  @Option(parsing: .unconditional, help: "Positions of the KV cache. Default: what fits beside the weights.")
  var cachePositions: Int?

  @Option(help: "Where experts lie: device, or host, from where they come over the link. Default: the profile's.")
  var residency: Residency?

  @Option(help: "JSON file with the shares of experts that rows meet. Default: known or log-normal.")
  var coverage: String?

  @Option(
    parsing: .unconditional,
    help: "Microseconds of the host an iteration for each sequence in it. Default: the profile's for this model.")
  var sequenceOverhead: Double?

  @Option(parsing: .upToNextOption, help: "Prompts of so many tokens, each alone, with each policy.")
  var promptTokens: [Int] = []

  @Flag(help: "Compare layered with chunk sizes by prompt length and load.")
  var crossover = false

  @Flag(help: "Fit --sequence-overhead to an attainment of 90 % at --request-rate, over five seeds from --seed on.")
  var fit = false

  @Option(help: "Write the iterations as a Chrome trace, for ui.perfetto.dev.")
  var timeline: String?

  @Flag(help: "With --json, print each request's times and each iteration's account of bytes.")
  var detailed = false

  func run() async throws {
    let modes = [!promptTokens.isEmpty, crossover, fit].count { $0 }
    guard modes <= 1 else {
      throw ValidationError("Only one of '--prompt-tokens', '--crossover' and '--fit' can be used")
    }
    try calibration.check(profile: profile)
    let isAll = modes == 0 && serving.trace == nil && calibration.isEnough
    // What is wrong with the load is told before anything is measured.
    if modes == 0, !isAll { _ = try serving.workloads() }
    let shape = try ModelShape(at: model)
    let hardware = try profile.map { try HardwareProfile(named: $0) } ?? calibration.measured(for: shape, isAll: isAll)
    if isAll { return }
    let study = try study(shape, hardware)
    if !promptTokens.isEmpty { return try runPrompts(study) }
    if crossover { return try await runCrossover(study) }
    if fit { return try await runFit(study) }
    try await runTrace(study)
  }

  private func study(_ shape: ModelShape, _ hardware: HardwareProfile) throws -> Study {
    var hardware = hardware
    if let residency { hardware.expertsInHostMemory = residency == .host }
    let coverage = try coverage.map { try ExpertCoverage(file: $0, model: shape) } ?? ExpertCoverage(of: shape)
    var study = Study(CostModel(model: shape, hardware: hardware, coverage: coverage))
    if let sequenceOverhead {
      guard sequenceOverhead >= 0, sequenceOverhead.isFinite else {
        throw EngineError("sequence-overhead is \(sequenceOverhead), expected 0 microseconds or more")
      }
      study = study.with(sequenceOverhead: sequenceOverhead * 1e-6)
    }
    study.maxRequests = serving.maxNumSeqs
    study.maxBatchedTokens = serving.maxNumBatchedTokens
    study.maxPositions = maxModelLen
    study.cachePositions = cachePositions
    _ = try study.simulator()
    for policy in serving.policies() { _ = try study.policy(policy) }
    return study
  }

  private func runTrace(_ study: Study) async throws {
    let level = try serving.serviceLevel()
    let workloads = try serving.workloads()
    if let timeline { try OutputFile.check(timeline) }
    let jobs = serving.policies().flatMap { policy in
      workloads.map { rate, workload in
        var job = Study.Job(policy, rate: rate, workload: workload, serviceLevel: level)
        job.keepsDetails = serving.json && detailed
        job.keepsIterations = timeline != nil
        return job
      }
    }
    let runs = try await study.runs(jobs, progress: progress("simulating"))
    if let timeline {
      let named = runs.map { run in
        (name: "\(run.report.policy), \(run.report.requestRate ?? 0) requests/s", iterations: run.iterations)
      }
      try OutputFile.write(Timeline.chromeTrace(named, layerCount: study.costs.model.layers), to: timeline)
    }
    if serving.json { return try printJSON(runs) }
    var lines = runs.count == 1 ? runs.flatMap(\.report.lines) : table(of: runs)
    if level != nil, workloads.count > 1 {
      lines += Attainment.rates(runs).map { policy, rate in
        let text = rate.map { fixed($0, 2) + " requests/s" } ?? "not within these rates"
        return "90 % of the requests keep their limits with \(policy) up to: \(text)"
      }
    }
    try print(lines)
  }

  private func runPrompts(_ study: Study) throws {
    for tokens in promptTokens where tokens < 1 {
      throw EngineError("prompt-tokens is \(tokens), expected 1 or more")
    }
    let found = try promptTokens.flatMap { tokens in
      try serving.policies().map { try study.prompt(tokens, $0) }
    }
    if serving.json { return try printJSON(found) }
    try print(table(of: found))
  }

  private func runCrossover(_ study: Study) async throws {
    if let limit = serving.sloTbt, !(limit > 0) {
      throw EngineError("slo-tbt is \(limit), expected a number of milliseconds above 0")
    }
    let found = try await study.crossover(seed: serving.seed, progress: progress("simulating"))
    if serving.json { return try printJSON(found.points) }
    try print(lines(of: found, limit: serving.sloTbt.map { $0 / 1000 }))
  }

  private func runFit(_ study: Study) async throws {
    guard let level = try serving.serviceLevel() else {
      throw ValidationError("'--fit' needs '--slo-ttft' and '--slo-tbt'")
    }
    guard serving.requestRate.count == 1, let policy = serving.policies().first, serving.policies().count == 1 else {
      throw ValidationError("'--fit' takes one '--request-rate' and one '--policy'")
    }
    var jobs: [Study.Job] = []
    for seed in 0..<5 {
      var serving = serving
      serving.seed = self.serving.seed &+ UInt64(seed)
      for (rate, workload) in try serving.workloads() {
        jobs.append(Study.Job(policy, rate: rate, workload: workload, serviceLevel: level))
      }
    }
    let seconds = try await study.fittedSequenceOverhead(jobs, progress: progress("fitting"))
    if serving.json { return try printJSON(["sequenceOverhead": seconds]) }
    try print(["sequence-overhead: \(fixed(seconds * 1e6, 1)) microseconds"])
  }

  private func progress(_ what: String) -> @Sendable (Double) -> Void {
    let line = ProgressLine(what)
    return { share in
      line.update(Int(share * 1000), 1000)
      if share >= 1 { line.finish() }
    }
  }

  private func print(_ lines: [String]) throws { try Terminal.output(lines.joined(separator: "\n") + "\n") }
}

enum Residency: String, ExpressibleByArgument, CaseIterable {
  case device
  case host
}
