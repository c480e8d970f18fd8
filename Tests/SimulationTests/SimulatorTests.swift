import Scheduling
import Simulation
import Testing

struct SimulatorTests {
  private static let policies = [
    PolicyOptions(.chunked), PolicyOptions(.layered), PolicyOptions(.adaptive, tbtTarget: 0.1),
    PolicyOptions(.continuous),
  ]

  /// Every running request decodes in every plan, tokens come at the ends of iterations, and every one comes.
  @Test(arguments: policies.indices)
  func decodingNeverStalls(index: Int) throws {
    let study = try Setup.study(Setup.gptOSS)
    let workload = try Workload(Setup.trace("sharegpt_8k"), rate: 5, size: .requests(60), seed: 2)
    var running: Set<RequestID> = []
    var ends: Set<Double> = []
    var clock = 0.0
    var generated: [RequestID: Int] = [:]
    let policy = try study.policy(Self.policies[index])
    let (requests, totals) = try study.simulator().run(workload, policy: policy) { began, plan, cost in
      #expect(Set(plan.decode) == running)
      #expect(began >= clock && cost.seconds > 0)
      clock = began + cost.seconds
      ends.insert(clock)
      let first = plan.prefill.filter { $0.layers.upperBound == 24 }.flatMap(\.slices).filter {
        $0.tokens.upperBound == workload.arrivals[$0.request.value].lengths.promptTokens
      }
      running.formUnion(first.map(\.request))
      for id in plan.decode + first.map(\.request) {
        generated[id, default: 0] += 1
        if generated[id] == workload.arrivals[id.value].lengths.outputTokens { running.remove(id) }
      }
    }
    #expect(running.isEmpty && totals.preemptions == 0)
    #expect(requests.map(\.tokens.count) == workload.arrivals.map(\.lengths.outputTokens))
    for request in requests {
      #expect(ends.isSuperset(of: request.tokens) && request.tokens == request.tokens.sorted())
      #expect((request.timeToFirstToken ?? 0) > 0)
    }
  }

  @Test func aRunCanBeRepeated() throws {
    let study = try Setup.study(Setup.qwen)
    let workload = try Workload(Setup.trace("sharegpt_8k"), rate: 4, size: .requests(30), seed: 5)
    let job = Study.Job(PolicyOptions(.adaptive), rate: 4, workload: workload)
    #expect(try study.run(job).report == study.run(job).report)
  }

  /// The accounts of the iterations together are the run's.
  @Test(arguments: policies.indices)
  func iterationsAddUp(index: Int) throws {
    let study = try Setup.study(Setup.qwen)
    let workload = try Workload(Setup.trace("sharegpt_8k"), rate: 3, size: .requests(10), seed: 6)
    var job = Study.Job(Self.policies[index], rate: 3, workload: workload)
    #expect(try study.run(job).records == nil)
    job.keepsDetails = true
    let run = try study.run(job)
    let records = try #require(run.records)
    #expect(records.count == run.report.iterations)
    var sum = Ledger.Entry()
    for record in records { sum += record.account }
    #expect(sum == run.report.ledger.total)
    #expect(zip(records, records.dropFirst()).allSatisfy { $0.began + $0.seconds <= $1.began + 1e-9 })
    let tokens = records.reduce(0) { $0 + $1.tiles.reduce(0) { $0 + $1.tokens * $1.layerCount } }
    #expect(tokens == run.report.totalInputTokens * 48)
  }

  /// Little memory: requests give way and begin again, and every token comes once.
  @Test(arguments: policies.indices)
  func preemptedRequestsLoseNoToken(index: Int) throws {
    var study = try Setup.study(Setup.gptOSS)
    study.cachePositions = 9000
    let workload = try Workload(Setup.trace("sharegpt_8k"), rate: 50, size: .requests(40), seed: 4)
    let run = try study.run(Study.Job(Self.policies[index], rate: 50, workload: workload))
    #expect(run.report.completed == 40)
    #expect(run.report.totalOutputTokens == workload.arrivals.reduce(0) { $0 + $1.lengths.outputTokens })
    #expect(run.report.preemptions > 0)
  }

  @Test func whatCannotRunIsRefused() throws {
    var study = try Setup.study(Setup.qwen)
    let workload = Workload(arrivals: [.init(time: 0, lengths: .init(promptTokens: 600, outputTokens: 10))])
    let job = Study.Job(PolicyOptions(.layered), rate: nil, workload: workload)
    study.cachePositions = 512
    func refusal() -> String? { #expect(throws: SimulationError.self) { try study.run(job) }?.description }
    #expect(
      refusal()?.hasPrefix("1 of 1 requests do not fit into the 512 positions of the KV cache (cache-positions") == true
    )
    study.cachePositions = Simulator.mostPositions + 1
    #expect(refusal()?.contains("expected cache-positions of at most 268435456") == true)
    study.cachePositions = 15
    #expect(throws: SimulationError.self) { try study.run(job) }
    study.cachePositions = nil
    study.maxPositions = 500
    #expect(
      refusal()?.hasPrefix("1 of 1 requests do not fit into the 500 positions of a sequence (max-model-len") == true)
    #expect(refusal()?.hasSuffix("the longest has 600 prompt tokens and 10 to generate") == true)
    var bare = try Setup.study(Setup.qwen, "rtx3060")
    bare.costs = CostModel(
      model: bare.costs.model, hardware: try HardwareProfile(named: "rtx3060").holdingExperts, coverage: .paperQwen)
    let error = #expect(throws: SimulationError.self) { try bare.simulator() }
    #expect(error?.description.contains("has no room for a KV cache") == true)
  }
}

extension HardwareProfile {
  fileprivate var holdingExperts: HardwareProfile {
    var profile = self
    profile.expertsInHostMemory = false
    return profile
  }
}
