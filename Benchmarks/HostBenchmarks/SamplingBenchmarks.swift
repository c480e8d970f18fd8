import Benchmark
import Engine
import Scheduling

/// One token from the logits of a vocabulary of 151,936, Qwen3's.
func samplingBenchmarks() {
  let options: [(name: String, options: SamplingOptions)] = [
    ("greedy", .greedy), ("temperature", SamplingOptions(temperature: 0.7)),
    ("top-k 20", SamplingOptions(temperature: 0.7, topK: 20)),
    ("top-k 20 and top-p 0.8", SamplingOptions(temperature: 0.7, topK: 20, topP: 0.8)),
    ("top-p 0.8", SamplingOptions(temperature: 0.7, topP: 0.8)),
  ]
  for (name, options) in options {
    Benchmark("sampling, \(name)") { benchmark in
      var random = SeededRandom(7)
      let logits = (0..<151_936).map { _ in Float(10 * random.unit()) }
      let sampler = Sampler(options)
      benchmark.startMeasurement()
      for index in benchmark.scaledIterations {
        blackHole(logits.withUnsafeBufferPointer { sampler.choose($0, index: index) })
      }
    }
  }
}
