import Testing
import Tokenizers

struct StreamingDecoderTests {
  private func stream(_ tokenizer: Tokenizer, _ ids: [Int32], skip: Bool = true) -> [String] {
    var decoder = StreamingDecoder(tokenizer, skipSpecialTokens: skip)
    return ids.map { decoder.append($0) } + [decoder.finish()]
  }

  @Test(arguments: ["t", "q"])
  func partsMakeTheWhole(name: String) throws {
    let tokenizer = name == "t" ? try Fixtures.tinyMoE() : try Fixtures.qwen2Style()
    for line in try Fixtures.lines("ids.txt") where line[0] == name {
      let ids: [Int32] = try Fixtures.integers(line[1])
      for skip in [false, true] {
        let expected = try Fixtures.base64(skip || line[3] == "=" ? line[2] : line[3])
        #expect(stream(tokenizer, ids, skip: skip).joined().bytes == expected, "\(ids)")
      }
    }
  }

  @Test func encodedStringsComeBackInParts() throws {
    let tokenizer = try Fixtures.tinyMoE()
    for line in try Fixtures.lines("strings.txt") where line[2] == "=" {
      let text = String(decoding: try Fixtures.base64(line[0]), as: UTF8.self)
      let ids: [Int32] = try Fixtures.integers(line[1])
      let parts = stream(tokenizer, ids)
      #expect(parts.joined().bytes == text.bytes)
      // Never half a character: no part has a replacement character that the text has not.
      if !text.unicodeScalars.contains("\u{fffd}") {
        #expect(!parts.contains { $0.unicodeScalars.contains("\u{fffd}") }, "\(ids)")
      }
    }
  }

  @Test func aCharacterWaitsForItsLastByte() throws {
    let tokenizer = try Fixtures.qwen2Style()
    // U+1F600 is F0 9F 98 80, and GPT-2's alphabet spells these bytes "ð", "Ł", "ĺ", "Ģ".
    let ids = try ["a", "ð", "Ł", "ĺ", "Ģ", "b"].map { try #require(tokenizer.id(of: $0)) }
    #expect(stream(tokenizer, ids) == ["a", "", "", "", "\u{1f600}", "b", ""])
  }

  @Test func bytesThatCannotContinueComeAtOnce() throws {
    let tokenizer = try Fixtures.qwen2Style()
    // F0 9F, then "a": one U+FFFD for the two bytes. FF ("ÿ") begins nothing, so it does not wait.
    let ids = try ["ð", "Ł", "a", "ÿ"].map { try #require(tokenizer.id(of: $0)) }
    #expect(stream(tokenizer, ids) == ["", "", "\u{fffd}a", "\u{fffd}", ""])
  }

  @Test func finishGivesTheUnfinishedAndStartsAnew() throws {
    let tokenizer = try Fixtures.qwen2Style()
    var decoder = StreamingDecoder(tokenizer)
    let lead = try #require(tokenizer.id(of: "Ã"))
    let continuation = try #require(tokenizer.id(of: "©"))
    #expect(decoder.append(lead) == "")
    #expect(decoder.finish() == "\u{fffd}")
    #expect(decoder.finish() == "")
    #expect(decoder.append(lead) == "")
    #expect(decoder.append(continuation) == "\u{e9}")
  }
}
