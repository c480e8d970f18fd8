import Engine
import Scheduling
import Testing

/// Runs `requests` together on a fresh engine, and gives their results in order.
func generate(
  _ files: ModelFiles, _ requests: [GenerationRequest], on target: TestTarget, policy: any Policy = Layered(),
  maxBatchedTokens: Int = 8192
) async throws -> [GenerationResult] {
  var options = target.options(cachePositions: requests.cachePositions, policy: policy)
  options.maxBatchedTokens = maxBatchedTokens
  let engine = try Engine(files, tokenizer: nil, options: options)
  var results: [GenerationResult] = []
  for stream in try await engine.submit(requests) { results.append(try await stream.result()) }
  return results
}

extension AsyncThrowingStream<GenerationEvent, any Error> {
  /// The end of this request.
  func result() async throws -> GenerationResult {
    var result: GenerationResult?
    for try await event in self {
      if case .finished(let end) = event { result = end }
    }
    return try #require(result, "the stream ends without a result")
  }
}

/// What a request throws, as text; nil if it ends well.
func failure(_ stream: AsyncThrowingStream<GenerationEvent, any Error>) async -> String? {
  do {
    _ = try await stream.result()
    return nil
  } catch { return "\(error)" }
}
