import Engine
import HTTPTypes
import Hummingbird
import JSON
import Scheduling

/// What a client is told when it gets no answer, in OpenAI's shape.
struct APIError: Error, Sendable, Equatable {
  var status: HTTPResponse.Status
  var type: String
  var message: String
  var param: String?
  var code: String?
  /// Seconds after which another try may help.
  var retryAfter: Int?
  /// Methods that the path has.
  var allow: String?

  static func invalid(_ message: String, param: String? = nil, code: String? = nil) -> APIError {
    APIError(status: .badRequest, type: "invalid_request_error", message: message, param: param, code: code)
  }

  static func notFound(_ message: String, code: String? = nil) -> APIError {
    APIError(status: .notFound, type: "invalid_request_error", message: message, code: code)
  }

  static func wrongMethod(_ method: String, _ path: String, allow: String) -> APIError {
    var error = APIError(
      status: .methodNotAllowed, type: "invalid_request_error",
      message: "there is no \(method) \(path), expected \(allow)")
    error.allow = allow
    return error
  }

  static let wrongKey = APIError(
    status: .unauthorized, type: "invalid_request_error",
    message: "a valid API key is needed: Authorization: Bearer KEY", code: "invalid_api_key")

  static func busy(_ count: Int) -> APIError {
    APIError(
      status: .tooManyRequests, type: "rate_limit_error", message: "\(count) requests run or wait: the queue is full",
      code: "queue_full", retryAfter: 1)
  }

  static let stopping = APIError(
    status: .serviceUnavailable, type: "server_error", message: "the server is shutting down", code: "shutting_down",
    retryAfter: 5)

  static func late(_ seconds: Double) -> APIError {
    APIError(
      status: .requestTimeout, type: "timeout_error",
      message: "the request took longer than \(Int(seconds.rounded(.up))) s", code: "request_timeout")
  }

  /// What a request did that failed inside: an engine's error about the request is the client's, any other the server's.
  init(submitting error: any Error) {
    switch error {
    case let error as APIError: self = error
    case let error as EngineError: self = .invalid(error.description)
    case let error as SchedulingError:
      self = .invalid(error.description, param: "max_tokens", code: "context_length_exceeded")
    default: self.init(running: error)
    }
  }

  init(running error: any Error) {
    if let error = error as? APIError {
      self = error
    } else if error is CancellationError {
      self.init(
        status: .init(code: 499, reasonPhrase: "Client Closed Request"), type: "invalid_request_error",
        message: "the client has gone")
    } else {
      self.init(status: .internalServerError, type: "server_error", message: "\(error)")
    }
  }

  init(
    status: HTTPResponse.Status, type: String, message: String, param: String? = nil, code: String? = nil,
    retryAfter: Int? = nil
  ) {
    self.status = status
    self.type = type
    self.message = message
    self.param = param
    self.code = code
    self.retryAfter = retryAfter
  }

  var json: JSONValue {
    [
      "error": [
        "message": .text(message), "type": .text(type), "param": param.map(JSONValue.text) ?? nil,
        "code": code.map(JSONValue.text) ?? nil,
      ]
    ]
  }

  var response: Response {
    var response = Response(json: json, status: status)
    if let retryAfter { response.headers[.retryAfter] = "\(retryAfter)" }
    response.headers[.allow] = allow
    return response
  }
}
