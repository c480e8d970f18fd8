import ArgumentParser
import Checkpoints
import Engine
import Foundation
import JSON
import Tokenizers

struct Tokenize: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Prints the tokens of a text.",
    discussion: "One line of ids a text. --timing says how long reading the tokenizer and encoding took.")

  @Option(help: "A checkpoint's folder or GGUF file, for its tokenizer.")
  var model: String?

  @Option(help: "A tokenizer.json, or a GGUF file that may have no weights, instead of a model.")
  var tokenizer: String?

  @Option(parsing: .unconditional, help: "A text.")
  var text: String?

  @Option(help: "A file whose whole text is taken.")
  var file: String?

  @Flag(help: "Each line of the file is a text of its own, as a JSON string.")
  var lines = false

  @Flag(help: "Leave out the special tokens that the tokenizer puts around a text.")
  var plain = false

  @Flag(help: "Print, instead of ids, a JSON object a text: the ids, and the text that they decode to.")
  var json = false

  @Flag(help: "Print the seconds that it took instead of the ids.")
  var timing = false

  func validate() throws {
    if (model == nil) == (tokenizer == nil) { throw ValidationError("one of --model and --tokenizer is needed") }
    if (text == nil) == (file == nil) { throw ValidationError("one of --text and --file is needed") }
  }

  func run() throws {
    let start = ContinuousClock.now
    let tokenizer = try readTokenizer()
    let loaded = ContinuousClock.now
    let texts = try texts()
    if timing { return try printTiming(tokenizer, texts, loading: loaded - start) }
    for text in texts {
      let ids = tokenizer.encode(text, addSpecialTokens: !plain)
      let list = ids.map(String.init)
      guard json else {
        try Terminal.output(list.joined(separator: " ") + "\n")
        continue
      }
      let decoded = JSONString(tokenizer.decode(ids, skipSpecialTokens: false)).literal
      try Terminal.output("{\"ids\":[\(list.joined(separator: ","))],\"text\":\(decoded)}\n")
    }
  }

  private func readTokenizer() throws -> Tokenizer {
    let path = model ?? tokenizer ?? ""
    if path.hasSuffix(".gguf") {
      return try Tokenizer(TokenizerMetadata(GGUFFile(path: path).metadata), source: path)
    }
    if let model { return try Tokenizer(folder: model) }
    return try Tokenizer(json: Data(try readText(path).utf8), source: path)
  }

  private func texts() throws -> [String] {
    if let text { return [text] }
    let path = file ?? ""
    let content = try readText(path)
    guard lines else { return [content] }
    return try content.split(separator: "\n").enumerated().map { index, line in
      guard case .string(let text) = try? JSONParser.parse(Array(line.utf8)) else {
        throw ValidationError("\(path):\(index + 1): expected a JSON string")
      }
      return text.text
    }
  }

  private func printTiming(_ tokenizer: Tokenizer, _ texts: [String], loading: Duration) throws {
    let bytes = texts.reduce(0) { $0 + $1.utf8.count }
    let start = ContinuousClock.now
    var tokens = 0
    for text in texts { tokens += tokenizer.encode(text, addSpecialTokens: !plain).count }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    try Terminal.output(
      """
      loading    \(String(format: "%.3f", loading / .seconds(1))) s, \(tokenizer.vocabularySize) tokens
      encoding   \(String(format: "%.3f", seconds)) s, \(bytes) bytes, \(tokens) tokens, \
      \(String(format: "%.2f", Double(bytes) / max(seconds, 1e-9) / 1e6)) MB/s

      """)
  }
}
