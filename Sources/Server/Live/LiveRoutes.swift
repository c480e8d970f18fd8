import Engine
import HTTPTypes
import Hummingbird
import JSON
import Models
import NIOCore
import Scheduling

/// The live page, its events, and what can be changed from it.
struct LiveRoutes: Sendable {
  let model: ServedModel
  let engine: Engine
  let options: ServerOptions
  let hub: LiveHub
  let metrics: ServerMetrics

  /// Seconds between two signs of life on a stream without events.
  private static let heartbeat = 10.0

  func page(_ request: Request, _ context: ServerContext) -> Response {
    var response = Response(text: LivePage.html, type: "text/html; charset=utf-8")
    // The page needs nothing from elsewhere, and nothing from elsewhere may be put into it.
    response.headers[.contentSecurityPolicy] =
      "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:; "
      + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    response.headers[.cacheControl] = "no-cache"
    return response
  }

  /// What stays as it is, and what can be changed.
  func state(_ request: Request, _ context: ServerContext) async throws -> Response {
    let policy = await engine.policy
    let kind: JSONValue = model.template == nil ? "completions" : "chat"
    return Response(json: [
      "model": .text(model.name), "layers": .int(model.files.description.layerCount),
      "experts": .int(model.files.description.expertCount), "max_model_len": .int(model.maxLength),
      "policy": .text(policy.name), "policies": .array(PolicyName.allCases.map { .text($0.rawValue) }),
      "tbt_target": .double(await metrics.target), "kind": kind,
    ])
  }

  func events(_ request: Request, _ context: ServerContext) async throws -> Response {
    let events = try hub.watch()
    let body = ResponseBody { writer in
      try await writer.write(ByteBuffer(string: ": strata\n\n"))
      for await event in Self.withHeartbeat(events) {
        if let event {
          try await writer.write(event: event)
        } else {
          try await writer.write(ByteBuffer(string: ":\n\n"))
        }
      }
      try await writer.finish(nil)
    }
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-cache"], body: body)
  }

  /// Nil now and then, so that a page that has gone is noticed.
  private static func withHeartbeat(_ events: AsyncStream<String>) -> AsyncStream<String?> {
    let (stream, continuation) = AsyncStream<String?>.makeStream(bufferingPolicy: .bufferingNewest(1024))
    let forward = Task {
      for await event in events { continuation.yield(event) }
      continuation.finish()
    }
    let beat = Task {
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(heartbeat))
        continuation.yield(nil)
      }
    }
    continuation.onTermination = { _ in
      forward.cancel()
      beat.cancel()
    }
    return stream
  }

  /// Changes the policy, and the time between tokens beyond which a token is late.
  func control(_ request: Request, _ context: ServerContext) async throws -> Response {
    let fields = try await RequestBodies.read(request, context, options) { $0 }
    let target = try fields.number("tbt_target", 0.0001...3600)
    if var settings = try await policy(fields, hasTarget: target != nil) {
      if settings.name == .adaptive { settings.tbtTarget = if let target { target } else { await metrics.target } }
      do {
        try await engine.setPolicy(settings)
      } catch {
        throw APIError.invalid("\(error)", param: "policy")
      }
    }
    if let target { await metrics.setTarget(target) }
    return try await state(request, context)
  }

  /// The policy that is asked for; the one that is at work where its target changes; nil where it stays as it is.
  private func policy(_ fields: Fields, hasTarget: Bool) async throws -> PolicyOptions? {
    let chunkSize = try fields.int("chunk_size", 1...1_000_000)
    let layerGroups = try fields.int("layer_groups", 1...10_000)
    guard let name = try fields.string("policy") else {
      if chunkSize != nil { throw fields.missing("policy", expected: "one that chunk_size goes with") }
      if layerGroups != nil { throw fields.missing("policy", expected: "one that layer_groups goes with") }
      let isAdaptive = await engine.policy.name == PolicyName.adaptive.rawValue
      return hasTarget && isAdaptive ? PolicyOptions(.adaptive) : nil
    }
    guard let policy = PolicyName(rawValue: name) else {
      throw fields.wrong("policy", .text(name), expected: PolicyName.allCases.map(\.rawValue).joined(separator: ", "))
    }
    return PolicyOptions(policy, chunkSize: chunkSize, layerGroups: layerGroups)
  }
}
