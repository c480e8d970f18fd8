package import Tokenizers

/// Reads a reply token by token, and tells its messages apart.
///
/// In the harmony format of GPT-OSS a reply is several messages: each has a header, `<|channel|>` and the channel's name,
/// then `<|message|>` and its text, up to `<|end|>`, `<|return|>` or `<|call|>`. The channel `analysis` is reasoning,
/// `final` is for the user, `commentary` for the user or, with `to=functions.NAME` in the header, a call. A reply of any
/// other model is all in `final`.
package struct ReplyReader: Sendable {
  /// A piece of text, and which message it is of.
  package struct Piece: Sendable, Equatable {
    package var channel: String
    /// Whom the message is to, such as `functions.weather`; nil for the user.
    package var recipient: String?
    package var text: String
  }

  package static let finalChannel = "final"
  package static let reasoningChannel = "analysis"
  package static let commentaryChannel = "commentary"

  private enum Place { case header, content }

  private var decoder: StreamingDecoder
  private let channelMark: Int32?
  private let messageMark: Int32?
  private let constraintMark: Int32?
  private let ends: Set<Int32>
  private var place = Place.content
  private var channel = ReplyReader.finalChannel
  private var recipient: String?
  private var header = ""

  package init(_ tokenizer: Tokenizer) {
    func special(_ name: String) -> Int32? {
      tokenizer.id(of: name).flatMap { tokenizer.isSpecial($0) ? $0 : nil }
    }
    decoder = StreamingDecoder(tokenizer)
    channelMark = special("<|channel|>")
    messageMark = special("<|message|>")
    constraintMark = special("<|constrain|>")
    let isHarmony = channelMark != nil && messageMark != nil
    ends = isHarmony ? Set(["<|start|>", "<|end|>", "<|return|>", "<|call|>"].compactMap(special)) : []
    // The prompt has ended with the role, so the rest of the first header comes next.
    if isHarmony { place = .header }
  }

  /// Takes the next token, and gives the text that it completes, if any.
  package mutating func append(_ token: Int32) -> Piece? {
    if token == channelMark, messageMark != nil {
      // In a header the recipient may have been named before the channel.
      let rest = place == .content ? finish() : nil
      place = .header
      header += Self.channelBreak
      return rest
    }
    if place == .header, token == messageMark {
      readHeader()
      return nil
    }
    if ends.contains(token) {
      defer { place = .header }
      return finish()
    }
    if place == .header, token == constraintMark { header += " " }
    let text = decoder.append(token)
    if place == .header {
      header += text
      return nil
    }
    return piece(text)
  }

  /// The start of a character that has not come to its end.
  package mutating func finish() -> Piece? {
    let text = decoder.finish()
    header = ""
    return place == .content ? piece(text) : nil
  }

  private static let channelBreak = "\n"
  private static let recipientMark = "to="

  /// What comes behind `<|channel|>` begins with the channel's name.
  private mutating func readHeader() {
    header += decoder.finish()
    let parts = header.split(separator: Self.channelBreak, maxSplits: 1, omittingEmptySubsequences: false)
    let named = parts.count > 1 ? parts[1].split(whereSeparator: \.isWhitespace).first : nil
    channel = named.map(String.init) ?? Self.finalChannel
    recipient = header.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix(Self.recipientMark) }
      .map { String($0.dropFirst(Self.recipientMark.count)) }
    place = .content
  }

  private func piece(_ text: String) -> Piece? {
    text.isEmpty ? nil : Piece(channel: channel, recipient: recipient, text: text)
  }
}
