import Engine
import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Logging
import Models
import NIOCore
import OpenCL
import OpenCLBackend
import Scheduling
import Templates
import TestSupport
import Testing

@testable import Server

/// A server of the bundled model in this process.
struct TestServer: Sendable {
  let engine: Engine
  let server: StrataServer

  static let name = "tiny-moe"
  /// Found once: not every driver likes to be asked by several threads at first.
  private static let device =
    ((try? Device.all()) ?? []).first { DeviceReport($0).isUsable }.map(DeviceSelection.openCL) ?? .reference
  /// ChatML with tools as Hermes has them.
  static let template = """
    {%- if tools %}<|im_start|>system
    {% for tool in tools %}{{ tool | tojson }}{% endfor %} <tool_call>{"name": .., "arguments": ..}</tool_call><|im_end|>
    {% endif -%}
    {%- for message in messages %}<|im_start|>{{ message.role }}
    {{ message.content }}<|im_end|>
    {% endfor -%}
    {%- if add_generation_prompt %}<|im_start|>assistant
    {% endif %}
    """

  init(withTemplate: Bool = true, _ change: (inout ServerOptions) -> Void = { _ in }) throws {
    let files = try ModelFiles(path: Fixtures.path(Self.name))
    var options = EngineOptions(
      device: Self.device, cachePositions: 8192, expectedTokens: 2048)
    options.maxPositions = 512
    let tokenizer = try files.tokenizer()
    engine = try Engine(files, tokenizer: tokenizer, options: options)
    var serverOptions = ServerOptions(modelName: Self.name, maxModelLength: 512)
    // All tests run at once, and kernels are built one by one.
    serverOptions.requestTimeout = 3600
    change(&serverOptions)
    let template = withTemplate ? try ChatTemplate(Self.template, source: "test") : nil
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    server = try StrataServer(
      engine, tokenizer: tokenizer, template: template, options: serverOptions, logger: logger)
  }

  /// Runs `body` with a client of the routes, without a network.
  func test<Value>(_ body: @Sendable (any TestClientProtocol) async throws -> Value) async throws -> Value {
    let watching = Task { await server.watchEngine() }
    defer { watching.cancel() }
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    return try await Application(router: server.router, logger: logger).test(.router, body)
  }
}

extension TestClientProtocol {
  /// The answer to a JSON body.
  func post(
    _ path: String, _ body: JSONValue, headers: HTTPFields = [:]
  ) async throws -> (status: Int, json: JSONValue) {
    let (status, text) = try await post(path, bytes: Array(body.text.utf8), headers: headers)
    return (status, try JSONParser.parse(Array(text.utf8)))
  }

  func post(_ path: String, bytes: [UInt8], headers: HTTPFields = [:]) async throws -> (status: Int, text: String) {
    var all: HTTPFields = [.contentType: "application/json"]
    for header in headers { all[header.name] = header.value }
    return try await execute(uri: path, method: .post, headers: all, body: ByteBuffer(bytes: bytes)) {
      ($0.status.code, String(buffer: $0.body))
    }
  }

  /// The events of a stream but `[DONE]`, which is expected to be the last.
  func stream(_ path: String, _ body: JSONValue) async throws -> [JSONValue] {
    let (status, text) = try await post(path, bytes: Array(body.text.utf8))
    #expect(status == 200, "\(text)")
    var lines = EventLines()
    let events = lines.append(text.utf8)
    #expect(events.last.map { String(decoding: $0, as: UTF8.self) } == "[DONE]")
    return try events.dropLast().map { try JSONParser.parse($0) }
  }
}

extension JSONValue {
  subscript(name: String) -> JSONValue {
    if case .object(let members) = self { return members[JSONString(name)] ?? .null }
    return .null
  }

  subscript(index: Int) -> JSONValue {
    if case .array(let elements) = self, elements.indices.contains(index) { return elements[index] }
    return .null
  }

  var string: String? {
    if case .string(let text) = self { return text.text }
    return nil
  }

  var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  var elements: [JSONValue] {
    if case .array(let elements) = self { return elements }
    return []
  }
}
