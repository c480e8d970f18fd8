import AsyncHTTPClient
package import Engine
import Foundation
package import Scheduling

/// Measures any server that speaks OpenAI's `/v1/completions`, with streams.
package struct RemoteBenchmark: Sendable {
  /// `http://127.0.0.1:8000`
  package var url: String
  package var apiKey: String?
  /// What the server calls the model; the first that it names unless given.
  package var model: String?
  /// Requests that are under way at once, one following the other; nil sends each when its time has come.
  package var concurrency: Int?
  /// Seconds that one request may take.
  package var timeout = 3600.0
  private static let longestPause = 10.0

  package init(url: String) {
    self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
    if self.url.hasSuffix("/v1") { self.url.removeLast(3) }
  }

  /// What came of a workload's requests.
  package struct Outcome: Sendable {
    /// Each one's times from the beginning of the run, in order of arrival; without tokens for one that failed.
    package var requests: [RequestTimes]
    /// Why the first that failed did.
    package var failure: String?

    package var isFailure: Bool { failure != nil && requests.allSatisfy(\.tokens.isEmpty) }
  }

  /// Runs the requests of a workload. A client that follows its own requests waits behind a refusal for as long as the server says.
  /// - Parameter progress: told how many are done.
  /// - Throws: `EngineError` naming the URL, for a server that cannot be reached or does not take the requests.
  package func run(
    _ run: ServingRun, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> Outcome {
    guard let parsed = URL(string: url), parsed.scheme == "http" || parsed.scheme == "https", parsed.host != nil else {
      throw EngineError("url is \(url), expected one such as http://127.0.0.1:8000")
    }
    if let concurrency, concurrency < 1 { throw EngineError("concurrency is \(concurrency), expected 1 or more") }
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4096
    let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let client = CompletionClient(http: http, url: url, apiKey: apiKey, timeout: timeout)
    let result: Result<Outcome, any Error>
    do {
      result = .success(try await self.run(run, client, progress))
    } catch {
      result = .failure(error)
    }
    try await http.shutdown()
    return try result.get()
  }

  private func run(
    _ run: ServingRun, _ client: CompletionClient, _ progress: @escaping @Sendable (Int) -> Void
  ) async throws -> Outcome {
    let name = if let model { model } else { try await client.modelName() }
    let requests = run.requests
    await client.openConnections(min(concurrency ?? 0, requests.count))
    let begin = ContinuousClock.now
    return try await withThrowingTaskGroup(of: (index: Int, times: RequestTimes, failure: String?).self) { group in
      var times = [RequestTimes?](repeating: nil, count: requests.count)
      var failure: String?
      var done = 0
      func collect() async throws {
        guard let next = try await group.next() else { return }
        times[next.index] = next.times
        failure = failure ?? next.failure
        done += 1
        progress(done)
      }
      for (index, request) in requests.enumerated() {
        if let concurrency, index >= concurrency { try await collect() }
        let due = concurrency == nil ? begin + .seconds(run.workload.arrivals[index].time) : nil
        group.addTask {
          if let due { try await Task.sleep(until: due, clock: .continuous) }
          let arrival = due ?? .now
          var times = RequestTimes(arrival: (arrival - begin).seconds, promptTokens: request.prompt.count)
          do {
            times.tokens = try await client.complete(request, model: name).map { ($0 - begin).seconds }
            return (index, times, nil)
          } catch let failure as CompletionClient.Failure {
            if due == nil, let pause = failure.retryAfter {
              try await Task.sleep(for: .seconds(min(pause, Self.longestPause)))
            }
            return (index, times, failure.text)
          }
        }
      }
      while done < requests.count { try await collect() }
      return Outcome(requests: times.compactMap(\.self), failure: failure)
    }
  }
}
