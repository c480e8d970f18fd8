import Benchmark
import Checkpoints

/// Opening the bundled model's folder, and a GGUF file if there is one: everything is checked, no weight is read.
func checkpointBenchmarks() {
  Benchmark("checkpoint, opening a folder of safetensors") { benchmark in
    for _ in benchmark.scaledIterations { blackHole(try Checkpoint(path: model)) }
  }
  let file = ".models/SmolLM2-135M-Instruct.Q4_1.gguf"
  guard (try? Checkpoint(path: file)) != nil else { return }
  Benchmark("checkpoint, opening a GGUF file with a vocabulary of 49,152") { benchmark in
    for _ in benchmark.scaledIterations { blackHole(try Checkpoint(path: file)) }
  }
}
