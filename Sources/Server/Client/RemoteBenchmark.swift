import AsyncHTTPClient
package import Engine
import Foundation
import JSON
import NIOCore
import NIOHTTP1
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

  package init(url: String) {
    self.url = url.hasSuffix("/") ? String(url.dropLast()) : url
    if self.url.hasSuffix("/v1") { self.url.removeLast(3) }
  }

  /// Runs the requests of a workload.
  /// - Parameter progress: told how many are done.
  /// - Returns: each request's times from the beginning of the run, in order of arrival.
  /// - Throws: `EngineError` naming the URL, for a server that cannot be reached or refuses.
  package func run(
    _ run: ServingRun, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) async throws -> [RequestTimes] {
    guard let parsed = URL(string: url), parsed.scheme == "http" || parsed.scheme == "https", parsed.host != nil else {
      throw EngineError("url is \(url), expected one such as http://127.0.0.1:8000")
    }
    if let concurrency, concurrency < 1 { throw EngineError("concurrency is \(concurrency), expected 1 or more") }
    var configuration = HTTPClient.Configuration()
    configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = 4096
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let result: Result<[RequestTimes], any Error>
    do {
      result = .success(try await self.run(run, client, progress))
    } catch {
      result = .failure(error)
    }
    try await client.shutdown()
    return try result.get()
  }

  private func run(
    _ run: ServingRun, _ client: HTTPClient, _ progress: @escaping @Sendable (Int) -> Void
  ) async throws -> [RequestTimes] {
    let name = try await modelName(client)
    let requests = run.requests
    await openConnections(min(concurrency ?? 0, requests.count), client)
    let begin = ContinuousClock.now
    return try await withThrowingTaskGroup(of: (index: Int, times: RequestTimes).self) { group in
      var times = [RequestTimes?](repeating: nil, count: requests.count)
      var done = 0
      func collect() async throws {
        guard let next = try await group.next() else { return }
        times[next.index] = next.times
        done += 1
        progress(done)
      }
      for (index, request) in requests.enumerated() {
        if let concurrency, index >= concurrency { try await collect() }
        let due = concurrency == nil ? begin + .seconds(run.workload.arrivals[index].time) : nil
        group.addTask {
          if let due { try await Task.sleep(until: due, clock: .continuous) }
          let arrival = due ?? .now
          let tokens = try await send(request, name, client).map { ($0 - begin).seconds }
          return (
            index,
            RequestTimes(arrival: (arrival - begin).seconds, promptTokens: request.prompt.count, tokens: tokens)
          )
        }
      }
      while done < requests.count { try await collect() }
      return times.compactMap(\.self)
    }
  }

  /// When each piece of the answer came.
  private func send(
    _ request: GenerationRequest, _ name: String, _ client: HTTPClient
  ) async throws -> [ContinuousClock.Instant] {
    let body: JSONValue = [
      "model": .text(name), "prompt": .array(request.prompt.map { .int(Int($0)) }),
      "max_tokens": .int(request.maxTokens), "temperature": 0, "stream": true, "ignore_eos": true,
    ]
    var asked = post("/v1/completions")
    asked.body = .bytes(ByteBuffer(string: body.text))
    let response = try await execute(asked, client)
    var lines = EventLines()
    var times: [ContinuousClock.Instant] = []
    for try await buffer in response.body {
      for event in lines.append(buffer.readableBytesView) {
        guard case .object(let members)? = try? JSONParser.parse(event) else { continue }
        if let error = members["error"] { throw EngineError("\(url): \(error.text)") }
        if case .array(let choices)? = members["choices"], Self.hasToken(choices) { times.append(.now) }
      }
    }
    guard !times.isEmpty else { throw EngineError("\(url): a stream ended without a token") }
    return times
  }

  /// Whether an event brings a token. A token may have no text: a piece of a character, or a special token. The last event, which
  /// says why the answer ends, brings none unless it has text.
  private static func hasToken(_ choices: [JSONValue]) -> Bool {
    guard case .object(let choice)? = choices.first, case .string(let text)? = choice["text"] else { return false }
    if !text.text.isEmpty { return true }
    if case .string? = choice["finish_reason"] { return false }
    return true
  }

  /// Opens as many connections as will be in use: clients that follow their own answers keep theirs.
  private func openConnections(_ count: Int, _ client: HTTPClient) async {
    await withTaskGroup { group in
      for _ in 0..<count { group.addTask { _ = try? await models(client) } }
    }
  }

  /// What `/v1/models` answers.
  private func models(_ client: HTTPClient) async throws -> ByteBuffer {
    var request = post("/v1/models")
    request.method = .GET
    return try await execute(request, client).body.collect(upTo: 1 << 20)
  }

  private func modelName(_ client: HTTPClient) async throws -> String {
    if let model { return model }
    let body = try await models(client)
    guard case .object(let members)? = try? JSONParser.parse(Array(body.readableBytesView)),
      case .array(let data)? = members["data"], case .object(let first)? = data.first,
      case .string(let name)? = first["id"]
    else {
      throw EngineError("\(url)/v1/models: found no model, expected a list with one")
    }
    return name.text
  }

  private func post(_ path: String) -> HTTPClientRequest {
    var request = HTTPClientRequest(url: url + path)
    request.method = .POST
    request.headers.add(name: "Content-Type", value: "application/json")
    if let apiKey { request.headers.add(name: "Authorization", value: "Bearer \(apiKey)") }
    return request
  }

  /// Whether a connection was gone before the request was sent.
  private static func isClosed(_ error: any Error) -> Bool {
    error as? ChannelError == .ioOnClosedChannel || error as? HTTPClientError == .remoteConnectionClosed
  }

  private func unreachable(_ request: HTTPClientRequest, _ error: any Error) -> EngineError {
    EngineError("\(request.url): cannot be reached: \(error)")
  }

  private func execute(_ request: HTTPClientRequest, _ client: HTTPClient) async throws -> HTTPClientResponse {
    let time = TimeAmount.milliseconds(Int64(timeout * 1000))
    let response: HTTPClientResponse
    do {
      response = try await client.execute(request, timeout: time)
    } catch  where Self.isClosed(error) {
      // Kept from a request before, and closed by the server in the meantime.
      do {
        response = try await client.execute(request, timeout: time)
      } catch {
        throw unreachable(request, error)
      }
    } catch {
      throw unreachable(request, error)
    }
    guard response.status == .ok else {
      let body = try? await response.body.collect(upTo: 1 << 16)
      let text = body.map { String(buffer: $0) } ?? ""
      throw EngineError("\(request.url): status \(response.status.code): \(text)")
    }
    return response
  }
}
