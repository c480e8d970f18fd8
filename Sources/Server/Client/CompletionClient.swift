import AsyncHTTPClient
import Engine
import JSON
import NIOCore
import NIOHTTP1

/// Asks a server that speaks OpenAI's `/v1/completions`.
struct CompletionClient: Sendable {
  let http: HTTPClient
  let url: String
  let apiKey: String?
  /// Seconds that one request may take.
  let timeout: Double

  /// Why a request has no answer, or not a whole one, though it was one that the server takes.
  struct Failure: Error {
    var text: String
    /// Seconds after which the server wants to be asked again.
    var retryAfter: Double?
  }

  /// When each piece of the answer came.
  /// - Throws: `Failure` for what may happen under load; `EngineError` naming the URL, as all of this, for any other answer.
  func complete(_ request: GenerationRequest, model name: String) async throws -> [ContinuousClock.Instant] {
    let body: JSONValue = [
      "model": .text(name), "prompt": .array(request.prompt.map { .int(Int($0)) }),
      "max_tokens": .int(request.maxTokens), "temperature": 0, "stream": true, "ignore_eos": true,
    ]
    var asked = post("/v1/completions")
    asked.body = .bytes(ByteBuffer(string: body.text))
    let response = try await execute(asked)
    try await check(response, asked)
    var lines = EventLines()
    var times: [ContinuousClock.Instant] = []
    do {
      for try await buffer in response.body {
        for event in lines.append(buffer.readableBytesView) {
          guard case .object(let members)? = try? JSONParser.parse(event) else { continue }
          if let error = members["error"] { throw Failure(text: "\(url): \(error.text)") }
          if case .array(let choices)? = members["choices"], Self.hasToken(choices) { times.append(.now) }
        }
      }
    } catch let error as Failure {
      throw error
    } catch {
      throw Failure(text: "\(url): a stream broke off behind \(times.count) tokens: \(error)")
    }
    guard !times.isEmpty else { throw Failure(text: "\(url): a stream ended without a token") }
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
  func openConnections(_ count: Int) async {
    await withTaskGroup { group in
      for _ in 0..<count { group.addTask { _ = try? await models() } }
    }
  }

  /// What `/v1/models` answers.
  private func models() async throws -> ByteBuffer {
    var request = post("/v1/models")
    request.method = .GET
    let response = try await execute(request)
    do {
      try await check(response, request)
      return try await response.body.collect(upTo: 1 << 20)
    } catch let error as EngineError {
      throw error
    } catch let failure as Failure {
      throw EngineError(failure.text)
    } catch {
      throw EngineError("\(request.url): the answer broke off: \(error)")
    }
  }

  /// The first model that the server names.
  func modelName() async throws -> String {
    let body = try await models()
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

  private func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
    let time = TimeAmount.milliseconds(Int64(timeout * 1000))
    do {
      return try await http.execute(request, timeout: time)
    } catch  where Self.isClosed(error) {
      // Kept from a request before, and closed by the server in the meantime.
      do {
        return try await http.execute(request, timeout: time)
      } catch {
        throw unreachable(request, error)
      }
    } catch {
      throw unreachable(request, error)
    }
  }

  private func check(_ response: HTTPClientResponse, _ request: HTTPClientRequest) async throws {
    guard response.status != .ok else { return }
    let body = try? await response.body.collect(upTo: 1 << 16)
    let text = "\(request.url): status \(response.status.code): \(body.map { String(buffer: $0) } ?? "")"
    guard Self.passing.contains(response.status.code) || response.status.code >= 500 else { throw EngineError(text) }
    throw Failure(text: text, retryAfter: response.headers.first(name: "Retry-After").flatMap(Double.init))
  }

  /// Too late, or too many at once.
  private static let passing: Set<UInt> = [408, 429]
}
