package import Tokenizers

/// Reads a reply token by token, and tells its channels apart.
///
/// In the harmony format of GPT-OSS a reply is several messages: each has a header, `<|channel|>` and the channel's name,
/// then `<|message|>` and its text, up to `<|end|>`, `<|return|>` or `<|call|>`. The channel `analysis` is reasoning,
/// `final` is for the user. A reply of any other model is all in `final`.
package struct ReplyReader: Sendable {
  /// A piece of text, and the channel it is in.
  package struct Piece: Sendable, Equatable {
    package var channel: String
    package var text: String
  }

  package static let finalChannel = "final"
  package static let reasoningChannel = "analysis"

  private enum Place { case header, content }

  private var decoder: StreamingDecoder
  private let channelMark: Int32?
  private let messageMark: Int32?
  private let ends: Set<Int32>
  private var place = Place.content
  private var channel = ReplyReader.finalChannel
  private var header = ""

  package init(_ tokenizer: Tokenizer) {
    func special(_ name: String) -> Int32? {
      tokenizer.id(of: name).flatMap { tokenizer.isSpecial($0) ? $0 : nil }
    }
    decoder = StreamingDecoder(tokenizer)
    channelMark = special("<|channel|>")
    messageMark = special("<|message|>")
    let isHarmony = channelMark != nil && messageMark != nil
    ends = isHarmony ? Set(["<|start|>", "<|end|>", "<|return|>", "<|call|>"].compactMap(special)) : []
    // The prompt has ended with the role, so the rest of the first header comes next.
    if isHarmony { place = .header }
  }

  /// Takes the next token, and gives the text that it completes, if any.
  package mutating func append(_ token: Int32) -> Piece? {
    if token == channelMark, messageMark != nil {
      (place, header) = (.header, "")
      return rest()
    }
    if place == .header, token == messageMark {
      let name = header.split(whereSeparator: \.isWhitespace).first.map(String.init)
      (place, channel) = (.content, name ?? Self.finalChannel)
      return rest()
    }
    if ends.contains(token) {
      (place, header) = (.header, "")
      return rest()
    }
    let text = decoder.append(token)
    if place == .header {
      header += text
      return nil
    }
    return text.isEmpty ? nil : Piece(channel: channel, text: text)
  }

  /// The start of a character that has not come to its end.
  package mutating func finish() -> Piece? { rest() }

  private mutating func rest() -> Piece? {
    let text = decoder.finish()
    return text.isEmpty || place == .header ? nil : Piece(channel: channel, text: text)
  }
}
