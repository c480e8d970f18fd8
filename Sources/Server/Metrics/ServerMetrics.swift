import Engine
import Scheduling

/// What `/metrics` tells: the server's counts, and what an engine's events add up to.
actor ServerMetrics {
  private let model: String
  /// What all names begin with.
  private let prefix: String
  private let admission: Admission
  private var clock = RequestClock()
  private var tbtTarget: Double

  private var load = EngineLoad()
  private var scheduler = SchedulerStatistics()
  private var ledger = Ledger()
  private var policy = ""
  private var responses: [Int: Int] = [:]
  private var iterations = 0
  private var promptTokens = 0
  private var generationTokens = 0
  private var lateTokens = 0
  private var finished: [String: Int] = ["stop": 0, "length": 0, "abort": 0, "error": 0]

  private var timeToFirstToken = Histogram(seconds)
  private var interTokenLatency = Histogram(fineSeconds)
  private var timePerOutputToken = Histogram(fineSeconds)
  private var endToEnd = Histogram(seconds)
  private var queueTime = Histogram(seconds)
  private var prefillTime = Histogram(seconds)
  private var decodeTime = Histogram(seconds)
  private var requestPrompt = Histogram(tokens)
  private var requestGeneration = Histogram(tokens)
  private var iterationTokens = Histogram(tokens)
  private var tileTokens = Histogram(tokens)
  private var tileLayers = Histogram(counts)
  private var tilesOfPrompts = Histogram(counts)
  private var iterationTime = Histogram(fineSeconds)
  private var predictedTime = Histogram(fineSeconds)
  private var predictionError = Histogram([0.5, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.25, 1.5, 2, 3, 5])

  private static let seconds = [
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 640,
  ]
  private static let fineSeconds = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5, 5, 10,
  ]
  private static let tokens = [1.0, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000]
  private static let counts = [1.0, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64]

  init(model: String, prefix: String = "strata:", admission: Admission, tbtTarget: Double) {
    self.model = model
    self.prefix = prefix
    self.admission = admission
    self.tbtTarget = tbtTarget
  }

  func count(status: Int) { responses[status, default: 0] += 1 }

  /// Seconds between tokens beyond which one is late.
  func setTarget(_ seconds: Double) { tbtTarget = seconds }
  var target: Double { tbtTarget }

  func add(_ event: EngineEvent) {
    switch event {
    case .submitted(let id, let prompt, let most, let time, let waiting):
      clock.submit(id, RequestClock.Life(promptTokens: prompt, maxTokens: most, arrival: time))
      load.waiting = waiting
    case .iteration(let iteration): add(iteration)
    case .cancelled(let id, _, let load):
      if clock.drop(id) != nil { finished["abort", default: 0] += 1 }
      self.load = load
    case .failed(let ids, _, let load):
      self.load = load
      for id in ids where clock.drop(id) != nil { finished["error", default: 0] += 1 }
    }
  }

  private func add(_ iteration: EngineIteration) {
    load = iteration.load
    scheduler = iteration.statistics
    policy = iteration.policy
    if let ledger = iteration.ledger { self.ledger = ledger }
    iterations += 1
    iterationTime.add(iteration.seconds)
    if let predicted = iteration.predicted, predicted > 0 {
      predictedTime.add(predicted)
      predictionError.add(iteration.seconds / predicted)
    }
    iterationTokens.add(Double(iteration.plan.decode.count + iteration.plan.prefillTokens))
    for tile in iteration.plan.prefill {
      tileTokens.add(Double(tile.tokenCount))
      tileLayers.add(Double(tile.layers.count))
    }
    add(clock.advance(iteration))
  }

  private func add(_ step: RequestClock.Step) {
    generationTokens += step.timesToFirstToken.count + step.timesBetweenTokens.count
    promptTokens += step.prompts.reduce(0, +)
    lateTokens += step.timesBetweenTokens.count { $0 > tbtTarget }
    step.timesToFirstToken.forEach { timeToFirstToken.add($0) }
    step.timesBetweenTokens.forEach { interTokenLatency.add($0) }
    step.queueTimes.forEach { queueTime.add($0) }
    step.tilesOfPrompts.forEach { tilesOfPrompts.add(Double($0)) }
    for (life, reason, time) in step.ended {
      finished[reason, default: 0] += 1
      endToEnd.add(time - life.arrival)
      requestPrompt.add(Double(life.promptTokens))
      requestGeneration.add(Double(life.tokens))
      guard let first = life.firstToken, let began = life.began else { continue }
      prefillTime.add(first - began)
      decodeTime.add(time - first)
      if life.tokens > 1 { timePerOutputToken.add((time - first) / Double(life.tokens - 1)) }
    }
  }
}

// MARK: Text

extension ServerMetrics {
  var text: String {
    var text = PrometheusText(prefix: prefix, labels: [("model_name", model)])
    addLoad(&text)
    addTokens(&text)
    addTimes(&text)
    addSchedule(&text)
    addExperts(&text)
    return text.text
  }

  private func addLoad(_ text: inout PrometheusText) {
    text.gauge(
      "num_requests_running", "Requests that decode or whose prompts pass the model.",
      [
        .init(load.running + load.prefilling)
      ])
    text.gauge("num_requests_waiting", "Requests that wait to be admitted.", [.init(load.waiting)])
    text.gauge(
      "num_requests_in_flight", "Answers that are under way, waiting ones too.",
      [
        .init(admission.count)
      ])
    let used = load.blocks > 0 ? 1 - Double(load.freeBlocks) / Double(load.blocks) : 0
    text.gauge("kv_cache_usage_perc", "Share of the KV blocks that requests hold, 0 to 1.", [.init(used)])
    text.counter(
      "http_responses_total", "Responses by status.",
      responses.sorted { $0.key < $1.key }.map { .init($0.value, ("status", "\($0.key)")) })
    text.counter(
      "request_success_total", "Requests that ended, by reason.",
      finished.sorted { $0.key < $1.key }.map { .init($0.value, ("finished_reason", $0.key)) })
    text.counter(
      "num_preemptions_total", "Times that a request had to give its KV blocks up.",
      [
        .init(scheduler.preemptions)
      ])
    text.counter(
      "prefix_cache_queries_total", "Prompt tokens that were looked up in the prefix cache.",
      [
        .init(scheduler.promptTokens)
      ])
    text.counter(
      "prefix_cache_hits_total", "Prompt tokens whose KV blocks were shared.",
      [
        .init(scheduler.sharedTokens)
      ])
  }

  private func addTokens(_ text: inout PrometheusText) {
    text.counter("prompt_tokens_total", "Tokens of prompts that were completed.", [.init(promptTokens)])
    text.counter("generation_tokens_total", "Tokens that were generated.", [.init(generationTokens)])
    text.histogram("request_prompt_tokens", "Prompt tokens of requests that ended.", requestPrompt)
    text.histogram("request_generation_tokens", "Generated tokens of requests that ended.", requestGeneration)
    text.histogram("iteration_tokens", "Tokens of an iteration, of prompts and decoded.", iterationTokens)
  }

  private func addTimes(_ text: inout PrometheusText) {
    text.histogram("time_to_first_token_seconds", "From arrival to the first token.", timeToFirstToken)
    text.histogram("inter_token_latency_seconds", "Between two tokens of a request.", interTokenLatency)
    text.histogram(
      "request_time_per_output_token_seconds", "Mean time between the tokens of a request.", timePerOutputToken)
    text.histogram("e2e_request_latency_seconds", "From arrival to the last token.", endToEnd)
    text.histogram("request_queue_time_seconds", "From arrival to the first tile.", queueTime)
    text.histogram("request_prefill_time_seconds", "From the first tile to the first token.", prefillTime)
    text.histogram("request_decode_time_seconds", "From the first token to the last.", decodeTime)
    text.gauge("tbt_target_seconds", "Time between tokens beyond which one is late.", [.init(tbtTarget)])
    text.counter("tbt_target_misses_total", "Tokens that came later than the target.", [.init(lateTokens)])
  }

  private func addSchedule(_ text: inout PrometheusText) {
    text.gauge("scheduler_policy", "The policy that is in force.", [.init(1, ("policy", policy))])
    text.counter("iterations_total", "Iterations.", [.init(iterations)])
    text.histogram("iteration_time_seconds", "What iterations took.", iterationTime)
    text.histogram("iteration_predicted_time_seconds", "What they were predicted to take.", predictedTime)
    text.histogram("iteration_time_ratio", "What they took over what was predicted.", predictionError)
    text.histogram("tile_tokens", "Prompt tokens of a tile.", tileTokens)
    text.histogram("tile_layers", "Layers of a tile.", tileLayers)
    text.histogram("prompt_tiles", "Tiles in which a prompt passed: its layer groups, or its chunks.", tilesOfPrompts)
  }

  private func addExperts(_ text: inout PrometheusText) {
    let total = ledger.total
    let experts = total.memory[.expert] ?? Ledger.Phases()
    text.counter(
      "expert_bytes_total", "Bytes of experts' weights by route and phase.",
      [
        .init(experts.decode, ("route", "device_memory"), ("phase", "decode")),
        .init(experts.prefill, ("route", "device_memory"), ("phase", "prefill")),
        .init(total.hostToDevice.decode, ("route", "host_to_device"), ("phase", "decode")),
        .init(total.hostToDevice.prefill, ("route", "host_to_device"), ("phase", "prefill")),
        .init(total.diskToHost.decode, ("route", "disk_to_host"), ("phase", "decode")),
        .init(total.diskToHost.prefill, ("route", "disk_to_host"), ("phase", "prefill")),
      ])
    text.counter(
      "expert_loads_total", "Experts that passes read, by phase.",
      [
        .init(total.expertReads.decode, ("phase", "decode")), .init(total.expertReads.prefill, ("phase", "prefill")),
      ])
    text.gauge("experts_resident", "Experts that the device has room for.", [.init(ledger.slots)])
    text.gauge("experts", "Experts of the model.", [.init(ledger.experts)])
    text.counter(
      "expert_cache_queries_total", "Experts that passes needed where not all fit, by phase.",
      [
        .init(ledger.needed.decode, ("phase", "decode")), .init(ledger.needed.prefill, ("phase", "prefill")),
      ])
    text.counter(
      "expert_cache_hits_total", "Of these, experts that were on the device, by phase.",
      [
        .init(ledger.hits.decode, ("phase", "decode")), .init(ledger.hits.prefill, ("phase", "prefill")),
      ])
  }
}
