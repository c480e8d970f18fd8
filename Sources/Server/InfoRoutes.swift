import Engine
import Hummingbird
import JSON
import Models
import Tokenizers

/// Models, tokens, and whether the server lives.
struct InfoRoutes: Sendable {
  let model: ServedModel
  let options: ServerOptions
  let admission: Admission

  func models(_ request: Request, _ context: ServerContext) -> Response {
    Response(json: ["object": "list", "data": [description]])
  }

  func model(_ request: Request, _ context: ServerContext) throws -> Response {
    let name = context.parameters.get("id") ?? ""
    guard name == model.name else {
      throw APIError.notFound("the model \(quoted(name)) does not exist", code: "model_not_found")
    }
    return Response(json: description)
  }

  private var description: JSONValue {
    [
      "id": .text(model.name), "object": "model", "created": .int(model.created), "owned_by": "strata",
      "max_model_len": .int(model.maxLength), "root": .text(model.name), "parent": nil,
    ]
  }

  func health(_ request: Request, _ context: ServerContext) throws -> Response {
    if admission.isStopping { throw APIError.stopping }
    return Response(json: ["status": "ok", "model": .text(model.name)])
  }

  /// `prompt` as text, or `messages` are turned into tokens.
  func tokenize(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await RequestBodies.read(request, context, options, tokenize)
  }

  private func tokenize(_ fields: Fields) throws -> Response {
    let tokens: [Int32]
    if fields["messages"] != nil {
      tokens = try ChatRequest(fields, model).prompt
    } else {
      guard let text = try fields.string("prompt") else { throw fields.missing("prompt", expected: "a text") }
      let isPlain = try fields.bool("add_special_tokens") == false
      tokens =
        isPlain
        ? model.tokenizer.encode(text, addSpecialTokens: false) : model.files.encode(text, with: model.tokenizer)
    }
    var answer = JSONMembers()
    _ = answer.add("count", .int(tokens.count))
    _ = answer.add("max_model_len", .int(model.maxLength))
    _ = answer.add("tokens", .array(tokens.map { .int(Int($0)) }))
    if try fields.bool("return_token_strs") == true {
      _ = answer.add("token_strs", .array(tokens.map { .text(model.spelling(of: $0).text) }))
    }
    return Response(json: .object(answer))
  }

  func detokenize(_ request: Request, _ context: ServerContext) async throws -> Response {
    try await RequestBodies.read(request, context, options, detokenize)
  }

  private func detokenize(_ fields: Fields) throws -> Response {
    guard let elements = try fields.list("tokens") else {
      throw fields.missing("tokens", expected: "a list of token ids")
    }
    let tokens = try fields.tokens("tokens", elements, vocabulary: model.vocabulary)
    let skips = try fields.bool("skip_special_tokens") ?? false
    return Response(json: ["prompt": .text(model.tokenizer.decode(tokens, skipSpecialTokens: skips))])
  }
}
