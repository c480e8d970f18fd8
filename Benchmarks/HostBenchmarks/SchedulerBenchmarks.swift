import Benchmark
import Scheduling

/// A hundred iterations with so many requests that run, and 1000 that wait: planning, and taking note of what came of it.
func schedulerBenchmarks() {
  for policy in PolicyName.allCases {
    for running in [16, 256] {
      Benchmark("scheduler, \(policy.rawValue), \(running) running, 100 iterations") { benchmark in
        var scheduler = SchedulerBenchmark(running: running, waiting: 1000)
        scheduler.iterations = 100
        for _ in benchmark.scaledIterations { blackHole(try scheduler.run(PolicyOptions(policy))) }
      }
    }
  }
}
