import Foundation
package import JSON

extension ChatTemplate {
  /// The chat template in a checkpoint's folder: `chat_template.jinja`, or else the field `chat_template` of
  /// `tokenizer_config.json`, one template or a list of named ones. Nil if there is none.
  ///
  /// - Throws: `TemplateError` naming the file, for what cannot be read.
  package init?(folder: String) throws(TemplateError) {
    let configuration = try Self.json(folder + "/tokenizer_config.json")
    let specialTokens = Self.specialTokens(configuration)
    let file = folder + "/chat_template.jinja"
    if FileManager.default.fileExists(atPath: file) {
      let text = String(validating: try Self.read(file), as: UTF8.self)
      guard let text else { throw TemplateError(source: file, line: nil, problem: "the file is not UTF-8") }
      try self.init(text, specialTokens: specialTokens, source: file)
      return
    }
    let source = folder + "/tokenizer_config.json: chat_template"
    switch configuration["chat_template"] {
    case nil, .null?: return nil
    case .string(let text)?: try self.init(text.text, specialTokens: specialTokens, source: source)
    case .array(let items)?:
      try self.init(Self.named(items, source: source), specialTokens: specialTokens, source: source)
    case let value?:
      throw TemplateError(
        source: source, line: nil, problem: "found \(value.summary), expected a string or a list of named templates")
    }
  }

  /// `bos_token` and the like of a checkpoint's folder, for a template from elsewhere.
  package static func specialTokens(folder: String) throws(TemplateError) -> JSONMembers {
    specialTokens(try json(folder + "/tokenizer_config.json"))
  }

  private static func named(_ items: [JSONValue], source: String) throws(TemplateError) -> [String: String] {
    var templates: [String: String] = [:]
    for (index, item) in items.enumerated() {
      guard case .object(let members) = item, case .string(let name)? = members["name"],
        case .string(let template)? = members["template"]
      else {
        throw TemplateError(
          source: "\(source)[\(index)]", line: nil, problem: "found \(item.summary), expected \"name\" and \"template\""
        )
      }
      templates[name.text] = template.text
    }
    return templates
  }

  /// The fields of `tokenizer_config.json` that name special tokens, each a string or an object with `content`.
  private static func specialTokens(_ configuration: JSONMembers) -> JSONMembers {
    var tokens = JSONMembers()
    for name in ["bos", "eos", "unk", "sep", "pad", "cls", "mask"] {
      switch configuration[JSONString(name + "_token")] {
      case .string(let text)?: _ = tokens.add(JSONString(name + "_token"), .string(text))
      case .object(let members)?:
        if case .string(let text)? = members["content"] { _ = tokens.add(JSONString(name + "_token"), .string(text)) }
      default: break
      }
    }
    return tokens
  }

  private static func json(_ path: String) throws(TemplateError) -> JSONMembers {
    guard FileManager.default.fileExists(atPath: path) else { return JSONMembers() }
    let bytes = try read(path)
    let value: JSONValue
    do throws(JSONError) {
      value = try JSONParser.parse(bytes, allowingNonFinite: true)
    } catch {
      throw TemplateError(source: path, line: nil, problem: "not JSON: \(error.problem) (at byte \(error.offset))")
    }
    guard case .object(let members) = value else {
      throw TemplateError(source: path, line: nil, problem: "found \(value.summary), expected an object")
    }
    return members
  }

  private static func read(_ path: String) throws(TemplateError) -> [UInt8] {
    do {
      return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    } catch {
      throw TemplateError(source: path, line: nil, problem: "cannot be read: \(error.localizedDescription)")
    }
  }
}
