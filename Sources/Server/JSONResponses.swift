import HTTPTypes
import Hummingbird
import JSON
import NIOCore

extension JSONValue {
  static func text(_ text: String) -> JSONValue { .string(JSONString(text)) }
}

extension Response {
  init(json: JSONValue, status: HTTPResponse.Status = .ok) {
    self.init(text: json.text, type: "application/json", status: status)
  }

  init(text: String, type: String, status: HTTPResponse.Status = .ok) {
    self.init(status: status, headers: [.contentType: type], body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
