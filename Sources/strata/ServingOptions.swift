import ArgumentParser
import Engine
import Foundation
import Scheduling

/// Which requests come when, in which ways they are scheduled, and what is asked of their times: shared by
/// `strata bench serve` and `strata simulate`.
struct ServingOptions: ParsableArguments {
  @Option(
    help: "CSV file with the columns prompt_tokens, output_tokens and perhaps arrival in seconds, one request a line.")
  var trace: String?

  @Option(
    parsing: .upToNextOption,
    help:
      "Requests a second, Poisson arrivals; several for one run each. Default: the trace's own arrivals, if it has any."
  )
  var requestRate: [Double] = []

  @Option(parsing: .unconditional, help: "Requests of a run. Default: all that arrive in --duration.")
  var numRequests: Int?

  @Option(parsing: .unconditional, help: "Seconds of arrivals, without --num-requests.")
  var duration = 600.0

  @Option(parsing: .unconditional, help: "Seed of the arrivals and of the order of the trace.")
  var seed: UInt64 = 0

  @Option(
    parsing: .upToNextOption,
    help: "Policies to compare: \(PolicyName.allCases.map(\.rawValue).joined(separator: ", ")). Default: layered.")
  var policy: [PolicyName] = [.layered]

  @Option(
    parsing: .upToNextOption,
    help: "Chunk sizes of policy chunked, one run each. Default: \(Chunked.defaultChunkSize).")
  var chunkSize: [Int] = []

  @Option(parsing: .unconditional, help: "Layer groups of policy layered. Default: the paper's rule.")
  var layerGroups: Int?

  @Option(
    parsing: .unconditional,
    help: "Layer groups of policy layered by the step table of the paper's engine, with so many stages.")
  var groupTable: Int?

  @Option(
    parsing: .unconditional,
    help: "Milliseconds between tokens that policy adaptive keeps. Default: --slo-tbt, else 100.")
  var tbtTarget: Double?

  @Option(parsing: .unconditional, help: "Prompt tokens that pass the model together, where the policy cuts prompts.")
  var maxNumBatchedTokens = 8192

  @Option(parsing: .unconditional, help: "Requests that run at once.")
  var maxNumSeqs = 256

  @Option(parsing: .unconditional, help: "Milliseconds to the first token that a request may take, with --slo-tbt.")
  var sloTtft: Double?

  @Option(parsing: .unconditional, help: "Milliseconds between any two tokens that a request may take.")
  var sloTbt: Double?

  @Flag(help: "Print one JSON object a run, in a list.")
  var json = false
}

extension ServingOptions {
  /// An option of a policy that does not run would say nothing.
  func validate() throws {
    let options: [(name: String, isGiven: Bool, policy: PolicyName)] = [
      ("chunk-size", !chunkSize.isEmpty, .chunked), ("layer-groups", layerGroups != nil, .layered),
      ("group-table", groupTable != nil, .layered), ("tbt-target", tbtTarget != nil, .adaptive),
    ]
    for option in options where option.isGiven && !policy.contains(option.policy) {
      throw ValidationError("'--\(option.name)' is of policy \(option.policy.rawValue), which '--policy' does not name")
    }
    for size in chunkSize { try Self.check(size, maxNumBatchedTokens) }
  }

  /// - Throws: `ValidationError` for chunks that could never be as large.
  static func check(_ chunkSize: Int, _ maxNumBatchedTokens: Int) throws {
    guard chunkSize > maxNumBatchedTokens else { return }
    throw ValidationError(
      "'--chunk-size' is \(chunkSize), expected at most '--max-num-batched-tokens', which is \(maxNumBatchedTokens)")
  }

  /// Nil without limits.
  func serviceLevel() throws -> ServiceLevel? {
    guard sloTtft != nil || sloTbt != nil else { return nil }
    guard let sloTtft, let sloTbt, sloTtft > 0, sloTbt > 0, sloTtft.isFinite, sloTbt.isFinite else {
      throw EngineError("slo-ttft and slo-tbt go together, expected a number of milliseconds above 0 for each")
    }
    return ServiceLevel(timeToFirstToken: sloTtft / 1000, timeBetweenTokens: sloTbt / 1000)
  }

  /// The policies with their options; `chunked` once for each chunk size.
  func policies() -> [PolicyOptions] {
    let target = (tbtTarget ?? sloTbt).map { $0 / 1000 }
    return policy.flatMap { name -> [PolicyOptions] in
      switch name {
      case .chunked: (chunkSize.isEmpty ? [nil] : chunkSize.map(Optional.init)).map { .init(name, chunkSize: $0) }
      case .layered: [.init(name, layerGroups: layerGroups, groupTable: groupTable)]
      case .adaptive: [.init(name, tbtTarget: target)]
      case .continuous: [.init(name)]
      }
    }
  }

  /// - Throws: `ValidationError`, wrong usage, without a trace.
  func readTrace() throws -> Trace {
    guard let file = trace else { throw ValidationError("Missing expected argument '--trace <trace>'") }
    return try Trace(csv: readText(file), source: file)
  }

  /// - Parameter synthetic: in place of the trace.
  /// - Throws: `ValidationError`, wrong usage, without a trace or a rate.
  func workloads(_ synthetic: Trace? = nil) throws -> [(rate: Double, workload: Workload)] {
    let trace = try synthetic ?? readTrace()
    guard !requestRate.isEmpty else {
      if numRequests == nil, let workload = Workload(replaying: trace) { return [(workload.meanRate, workload)] }
      throw ValidationError("Missing expected argument '--request-rate <request-rate> ...'")
    }
    let size = numRequests.map(Workload.Size.requests) ?? .seconds(duration)
    return try requestRate.map { ($0, try Workload(trace, rate: $0, size: size, seed: seed)) }
  }
}
