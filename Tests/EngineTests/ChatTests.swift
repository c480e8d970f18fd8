import Foundation
import JSON
import Templates
import Testing
import Tokenizers

@testable import Engine

struct ChatTests {
  /// One token a byte of the letters below, and the marks of the harmony format behind them.
  private func tokenizer(harmony: Bool) throws -> Tokenizer {
    let letters = "abcdefghijklmnopqrstuvwxyz=. ".map { $0 == " " ? "\u{120}" : String($0) }
    let harmonyMarks = [
      "<|start|>", "<|channel|>", "<|message|>", "<|constrain|>", "<|end|>", "<|return|>", "<|call|>",
    ]
    let marks = harmony ? harmonyMarks : ["<|im_end|>"]
    var metadata = TokenizerMetadata(model: "gpt2", tokens: letters + marks)
    metadata.pre = "gpt-2"
    metadata.merges = []
    metadata.kinds = letters.map { _ in 1 } + marks.map { _ in 3 }
    return try Tokenizer(metadata, source: "test")
  }

  private func read(_ text: String, harmony: Bool) throws -> [String: String] {
    let tokenizer = try tokenizer(harmony: harmony)
    var reader = ReplyReader(tokenizer)
    var channels: [String: String] = [:]
    for token in tokenizer.encode(text, addSpecialTokens: false) {
      if let piece = reader.append(token) { channels[name(piece), default: ""] += piece.text }
    }
    if let piece = reader.finish() { channels[name(piece), default: ""] += piece.text }
    return channels
  }

  private func name(_ piece: ReplyReader.Piece) -> String {
    piece.channel + (piece.recipient.map { " to \($0)" } ?? "")
  }

  @Test func channelsAreToldApart() throws {
    let reply =
      "<|channel|>analysis<|message|>let me think<|end|><|start|>assistant<|channel|>final<|message|>hello there<|return|>"
    #expect(try read(reply, harmony: true) == ["analysis": "let me think", "final": "hello there"])
  }

  @Test func aHeaderMayNameMoreThanTheChannel() throws {
    let reply = "<|channel|>commentary to weather<|message|>call it<|end|>"
    #expect(try read(reply, harmony: true) == ["commentary": "call it"])
  }

  /// The ways in which the format's description and GPT-OSS's template write a call.
  @Test(arguments: [
    "<|channel|>commentary to=functions.f <|constrain|>json<|message|>x<|call|>",
    "<|channel|>commentary to=functions.f<|constrain|>json<|message|>x<|call|>",
    " to=functions.f<|channel|>commentary json<|message|>x<|call|>",
    " to=functions.f<|channel|>commentary<|message|>x",
  ])
  func aCallNamesItsRecipient(call: String) throws {
    #expect(try read(call, harmony: true) == ["commentary to functions.f": "x"])
    let thought = "<|channel|>analysis<|message|>hm<|end|><|start|>assistant"
    #expect(try read(thought + call, harmony: true) == ["analysis": "hm", "commentary to functions.f": "x"])
    let answer = "<|start|>assistant<|channel|>final<|message|>so"
    #expect(
      try read(call + "<|end|>" + answer, harmony: true) == ["commentary to functions.f": "x", "final": "so"],
      "the next message is to the user again")
  }

  @Test func anyOtherReplyIsForTheUser() throws {
    #expect(try read("hello there<|im_end|>", harmony: false) == ["final": "hello there"])
  }

  @Test func aConversationIsRenderedAsAWhole() throws {
    let template = try ChatTemplate(
      "{% for m in messages %}{{ m.role[0] }} {{ m.content }} {{ m.thinking }}<|im_end|>{% endfor %}", source: "test")
    let tokenizer = try tokenizer(harmony: false)
    var conversation = Conversation(template, tokenizer, system: "be brief")
    conversation.addUser("hi")
    conversation.addReply("yes", reasoning: "hm")
    let text = tokenizer.decode(try conversation.prompt(), skipSpecialTokens: false)
    #expect(text == "s be brief <|im_end|>u hi <|im_end|>a yes hm<|im_end|>")
  }

  /// A token a letter: what the model is told first makes 12, a turn 13, and the last question 6, together 57.
  @Test func theOldestTurnsAreForgotten() throws {
    let template = try ChatTemplate(
      "{% for m in messages %}{{ m.role[0] }} {{ m.content }} <|im_end|>{% endfor %}", source: "test")
    let tokenizer = try tokenizer(harmony: false)
    var conversation = Conversation(template, tokenizer, system: "be brief")
    for question in ["hi", "ho", "he"] {
      conversation.addUser(question)
      conversation.addReply("yes")
    }
    conversation.addUser("so")
    func text(_ count: Int) throws -> String {
      tokenizer.decode(try conversation.prompt(fitting: count).tokens, skipSpecialTokens: false)
    }
    let all = try conversation.prompt()
    #expect(all.count == 57)
    var copy = conversation
    #expect(try copy.prompt(fitting: 57) == (all, 0))
    #expect(try copy.prompt(fitting: 56).forgotten == 1)
    #expect(try text(37) == "s be brief <|im_end|>u he <|im_end|>a yes <|im_end|>u so <|im_end|>")
    #expect(try text(0) == "s be brief <|im_end|>u so <|im_end|>", "the last turn stays")
  }
}
