package import Foundation
package import JSON

/// A Jinja template as `transformers` renders it: Jinja 3.1's immutable sandbox with `trim_blocks`, `lstrip_blocks`,
/// loop controls, its own `tojson`, `raise_exception`, `strftime_now` and the tag `generation`.
///
/// A template is untrusted: whatever it says, rendering ends within limits of steps, memory and nesting, with the text
/// or an error. For a conversation use `ChatTemplate`.
package struct JinjaTemplate: Sendable {
  private let syntax: Syntax
  private let source: String
  private let size: Int

  /// - Parameters:
  ///   - text: the template.
  ///   - source: what errors call it.
  package init(_ text: String, source: String) throws(TemplateError) {
    do {
      syntax = try Parser.syntax(of: text, source: source)
    } catch let error as TemplateError {
      throw error
    } catch {
      throw TemplateError(source: source, line: nil, problem: "\(error)")
    }
    self.source = source
    size = text.utf8.count
  }

  /// - Parameters:
  ///   - variables: what the template's names mean.
  ///   - now: the time that `strftime_now` tells.
  package func render(_ variables: JSONMembers, now: Date = Date()) throws(TemplateError) -> String {
    let renderer = Renderer(syntax, now: now, budget: Budget(input: size + JSONValue.object(variables).size))
    do {
      return try renderer.render(variables.map { ($0.name.text, try Value($0.value)) })
    } catch let problem as Problem {
      throw TemplateError(source: source, line: renderer.line, problem: problem.text, isRaised: problem.isRaised)
    } catch {
      throw TemplateError(source: source, line: renderer.line, problem: "\(error)")
    }
  }
}

extension JSONValue {
  /// About the bytes that it has as text.
  fileprivate var size: Int {
    switch self {
    case .null, .bool, .int, .double: 4
    case .string(let string): string.text.utf8.count + 2
    case .array(let items): items.reduce(2) { $0 + $1.size }
    case .object(let members): members.reduce(2) { $0 + $1.name.text.utf8.count + $1.value.size + 4 }
    }
  }
}
