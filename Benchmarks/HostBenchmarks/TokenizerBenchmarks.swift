import Benchmark
import Foundation
import Tokenizers

/// The bundled model's tokenizer and a text of its kind.
func tokenizerBenchmarks() {
  Benchmark("tokenizer, loading") { benchmark in
    for _ in benchmark.scaledIterations { blackHole(try Tokenizer(folder: model)) }
  }
  Benchmark("tokenizer, encoding the held-out text") { benchmark in
    let tokenizer = try Tokenizer(folder: model)
    let text = try text()
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations { blackHole(tokenizer.encode(text)) }
  }
  Benchmark("tokenizer, decoding the held-out text token by token") { benchmark in
    let tokenizer = try Tokenizer(folder: model)
    let tokens = tokenizer.encode(try text())
    benchmark.startMeasurement()
    for _ in benchmark.scaledIterations {
      var decoder = StreamingDecoder(tokenizer)
      for token in tokens { blackHole(decoder.append(token)) }
      blackHole(decoder.finish())
    }
  }
}

private func text() throws -> String { try String(contentsOfFile: "\(model)/heldout.txt", encoding: .utf8) }
