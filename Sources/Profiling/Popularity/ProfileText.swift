package import Engine
import Kernels
import Models
import Scheduling
package import Tokenizers

/// What a model reads while its experts are counted.
package struct ProfileText: Sendable, Equatable {
  /// For a person.
  package var source: String
  package var tokens: [Int32]

  /// Tokens of the default text, at most.
  package static let defaultTokens = 8192

  package init(source: String, tokens: [Int32]) {
    self.source = source
    self.tokens = tokens
  }

  /// The tokens of `text`.
  /// - Throws: `ProfilingError` if it is empty.
  package init(_ text: String, source: String, _ files: ModelFiles, _ tokenizer: Tokenizer) throws {
    guard !text.isEmpty else { throw ProfilingError("\(source): the text is empty") }
    let tokens = files.encode(text, with: tokenizer)
    self.init(source: "\(source), \(tokens.count) tokens", tokens: tokens)
  }

  /// The sources of the kernels: English and code, in every binary.
  package static func standard(_ files: ModelFiles, _ tokenizer: Tokenizer) throws -> ProfileText {
    let text = try KernelLibrary.paths.map { try KernelLibrary.source($0) }.joined(separator: "\n")
    let tokens = Array(files.encode(text, with: tokenizer).prefix(defaultTokens))
    return ProfileText(source: "the sources of the kernels, \(tokens.count) tokens", tokens: tokens)
  }

  /// For a model without a tokenizer.
  package static func random(_ files: ModelFiles, seed: UInt64 = 1) -> ProfileText {
    var random = SeededRandom(seed)
    let vocabulary = UInt64(files.description.vocabularySize)
    let tokens = (0..<defaultTokens).map { _ in Int32(random.next() % vocabulary) }
    return ProfileText(source: "random tokens, \(tokens.count) of them", tokens: tokens)
  }
}
