import Foundation
import Testing
import Tokenizers

/// Encoding and decoding against what `tokenizers` gave for the same inputs.
struct TokenizerTests {
  private struct Case {
    var input: [UInt8]
    var ids: [Int32]
    var decoded: [UInt8]
  }

  /// `column` is that of the ids; the decoded text is behind it.
  private func cases(column: Int) throws -> [Case] {
    try Fixtures.lines("strings.txt").map { line in
      let input = try Fixtures.base64(line[0])
      let repaired = String(decoding: input, as: UTF8.self).bytes
      return Case(
        input: input, ids: try Fixtures.integers(line[column]),
        decoded: line[column + 1] == "=" ? repaired : try Fixtures.base64(line[column + 1]))
    }
  }

  private func check(_ tokenizer: Tokenizer, column: Int) throws {
    let cases = try cases(column: column)
    #expect(cases.count == 10_000)
    for item in cases {
      let ids = tokenizer.encode(bytes: item.input)
      let decoded = tokenizer.decode(item.ids).bytes
      if ids != item.ids || decoded != item.decoded {
        #expect(ids == item.ids, "encoding \(item.input)")
        #expect(decoded == item.decoded, "decoding \(item.ids)")
      }
    }
  }

  @Test func tinyMoEAgreesOnTenThousandStrings() throws {
    try check(Fixtures.tinyMoE(), column: 1)
  }

  @Test func qwen2StyleAgreesOnTenThousandStrings() throws {
    try check(Fixtures.qwen2Style(), column: 3)
  }

  @Test func stringsAndTheirBytesEncodeAlike() throws {
    let tokenizer = try Fixtures.qwen2Style()
    for item in try cases(column: 3) {
      #expect(tokenizer.encode(String(decoding: item.input, as: UTF8.self)) == item.ids)
    }
  }

  @Test(arguments: [("t", false), ("t", true), ("q", false), ("q", true)])
  func randomIDsDecodeAlike(name: String, skip: Bool) throws {
    let tokenizer = name == "t" ? try Fixtures.tinyMoE() : try Fixtures.qwen2Style()
    let lines = try Fixtures.lines("ids.txt").filter { $0[0] == name }
    #expect(lines.count == 1500)
    for line in lines {
      let ids: [Int32] = try Fixtures.integers(line[1])
      let column = skip || line[3] == "=" ? line[2] : line[3]
      let expected = try Fixtures.base64(column)
      #expect(tokenizer.decode(ids, skipSpecialTokens: skip).bytes == expected, "\(ids)")
    }
  }

  @Test func eachOptionOfTheFileIsFollowed() throws {
    var tokenizer: Tokenizer?
    var name = ""
    var names = 0
    for line in try Fixtures.lines("variants.txt") {
      if line[0] == "T" {
        name = String(line[1])
        names += 1
        tokenizer = try Tokenizer(json: Data(line[2].utf8), source: name)
        continue
      }
      let tokenizer = try #require(tokenizer)
      let input = try Fixtures.base64(line[1])
      let ids: [Int32] = try Fixtures.integers(line[2])
      #expect(tokenizer.encode(bytes: input) == ids, "\(name): \(input)")
      #expect(tokenizer.decode(ids).bytes == (try Fixtures.base64(line[3])), "\(name): \(ids)")
    }
    #expect(names == 15)
  }

  @Test func specialTokensOfTheTemplateCanBeLeftOut() throws {
    let line = try #require(try Fixtures.lines("variants.txt").first { $0[0] == "T" && $0[1] == "template" })
    let tokenizer = try Tokenizer(json: Data(line[2].utf8), source: "template")
    let text = try #require(tokenizer.id(of: "x"))
    let start = try #require(tokenizer.id(of: "<s>"))
    // The template of this file puts <s> (256) and "b" (65) before the text, and </s> (257) behind it.
    #expect(tokenizer.encode("x") == [256, 65, text, 257])
    #expect(tokenizer.encode("x", addSpecialTokens: false) == [text])
    #expect(tokenizer.encode("<s>", addSpecialTokens: false) == [start])
  }

  @Test func tokensAreKnownByIDAndByName() throws {
    let tokenizer = try Fixtures.qwen2Style()
    // 900 tokens of the model, and ten added behind them; two more added tokens are also tokens of the model.
    #expect(tokenizer.vocabularySize == 910)
    #expect(tokenizer.id(of: "<|endoftext|>") == 900)
    #expect(tokenizer.token(of: 901) == "<|im_start|>")
    #expect(tokenizer.isSpecial(902))
    #expect(!tokenizer.isSpecial(903), "<tool_call> is added but not special")
    #expect(tokenizer.id(of: "no such token") == nil)
    #expect(tokenizer.token(of: 910) == nil)
    #expect(tokenizer.token(of: -1) == nil)
    #expect(!tokenizer.isSpecial(.max))
    #expect(!tokenizer.isSpecial(.min))
    #expect(tokenizer.decode([.min, -1, 910, .max]) == "")
  }

  @Test func namesAreComparedByScalars() throws {
    let tokenizer = try Fixtures.qwen2Style()
    // The file has the decomposed spelling of both; `tokenizers` finds neither by the composed one.
    #expect(tokenizer.id(of: "<cafe\u{301}>") == 908)
    #expect(tokenizer.id(of: "<caf\u{e9}>") == nil)
    #expect(tokenizer.id(of: "<a\u{327}\u{301}>") == 909)
    #expect(tokenizer.id(of: "<\u{e1}\u{327}>") == nil)
  }
}
