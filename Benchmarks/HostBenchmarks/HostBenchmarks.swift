import Benchmark

/// What the host does for each iteration, token, text and file, without a device.
let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(metrics: [.wallClock, .cpuTotal, .throughput], maxDuration: .seconds(3))
  schedulerBenchmarks()
  tokenizerBenchmarks()
  samplingBenchmarks()
  checkpointBenchmarks()
}

/// The bundled model.
let model = "Tests/Fixtures/tiny-moe"
