import Engine
import Grammars
import JSON
import Models
import Templates
import Tokenizers

/// A model as the routes need it: what makes prompts of texts, and texts of tokens.
struct ServedModel: Sendable {
  let name: String
  let files: ModelFiles
  let tokenizer: Tokenizer
  let template: ChatTemplate?
  let toolFormat: ToolFormat
  let grammar: GrammarVocabulary
  let maxLength: Int
  /// Bytes of the longest token.
  let longestToken: Int
  /// Seconds since 1970 at which it was loaded.
  let created: Int

  var vocabulary: Int { files.description.vocabularySize }

  /// The makers' way of sampling; where they say none, that of the API.
  var sampling: SamplingOptions {
    let sampling = files.sampling
    return sampling == .greedy ? SamplingOptions(temperature: 1) : sampling
  }

  /// - Throws: `APIError` for a name that is not this model's.
  func check(_ fields: Fields) throws(APIError) {
    guard let asked = try fields.string("model") else { return }
    guard asked == name else {
      throw .notFound("the model \(quoted(asked)) does not exist, expected \(quoted(name))", code: "model_not_found")
    }
  }

  /// A token as text, and its bytes.
  func spelling(of token: Int32) -> (text: String, bytes: [UInt8]) {
    let bytes = tokenizer.bytes(of: token) ?? []
    return (String(decoding: bytes, as: UTF8.self), bytes)
  }

  /// Refuses a text that is longer than as many tokens as the context has can be, before anybody makes tokens of it.
  /// - Parameter param: the member that it comes from.
  func checkLength(_ text: String, param: String) throws(APIError) {
    let most = maxLength * longestToken
    guard text.utf8.count > most else { return }
    throw .invalid(
      "the prompt has \(text.utf8.count) bytes, but the context of \(maxLength) tokens holds at most \(most)",
      param: param, code: "context_length_exceeded")
  }

  /// How many tokens an answer may have.
  /// - Parameter param: the member that the prompt comes from.
  /// - Throws: `APIError` for a prompt that leaves no room, or an answer that does not fit behind it.
  func room(behind prompt: [Int32], asked: Int?, fallback: Int?, param: String) throws(APIError) -> Int {
    let room = maxLength - prompt.count
    guard room > 0 else {
      throw .invalid(
        "the prompt has \(prompt.count) tokens, but the context of \(maxLength) leaves room for at most \(maxLength - 1)",
        param: param, code: "context_length_exceeded")
    }
    guard let asked else { return min(room, fallback ?? room) }
    guard asked <= room else {
      throw .invalid(
        "max_tokens is \(asked), but behind the \(prompt.count) tokens of the prompt the context of \(maxLength) has room "
          + "for \(room)", param: "max_tokens", code: "context_length_exceeded")
    }
    return asked
  }
}
