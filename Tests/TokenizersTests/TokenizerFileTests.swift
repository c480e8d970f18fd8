import Foundation
import Testing
import Tokenizers

/// Files that cannot be used are refused with the file, the field and the reason.
struct TokenizerFileTests {
  /// A change to `good`, and what the error must name.
  struct Refusal: CustomTestStringConvertible, Sendable {
    var find: String
    var replacement: String
    var field: String
    var says: String

    init(_ find: String, _ replacement: String, _ field: String, _ says: String) {
      self.find = find
      self.replacement = replacement
      self.field = field
      self.says = says
    }

    var testDescription: String { "\(find) → \(replacement)" }
  }

  static let good = #"""
    {"version":"1.0","truncation":null,"padding":null,
     "added_tokens":[
      {"id":4,"content":"<s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}],
     "normalizer":{"type":"NFC"},
     "pre_tokenizer":{"type":"Sequence","pretokenizers":[
      {"type":"Split","pattern":{"Regex":"'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"},
       "behavior":"Isolated","invert":false},
      {"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]},
     "post_processor":{"type":"TemplateProcessing",
      "single":[{"SpecialToken":{"id":"<s>","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
      "special_tokens":{"<s>":{"id":"<s>","ids":[4],"tokens":["<s>"]}}},
     "decoder":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
     "model":{"type":"BPE","dropout":null,"unk_token":null,"continuing_subword_prefix":null,"end_of_word_suffix":null,
      "fuse_unk":false,"byte_fallback":false,"ignore_merges":false,
      "vocab":{"a":0,"b":1,"ab":2,"\u0120":3},"merges":["a b"]}}
    """#

  @Test func theUnchangedFileIsTaken() throws {
    let tokenizer = try Tokenizer(json: Data(Self.good.utf8), source: "good")
    #expect(tokenizer.encode("ab a<s>") == [4, 2, 3, 0, 4])
  }

  static let refusals: [Refusal] = [
    Refusal(#""version":"1.0""#, #""version":"2.0""#, "version", #"found the string "2.0", expected "1.0""#),
    Refusal(#""truncation":null"#, #""truncation":{"max_length":5}"#, "truncation", "not supported"),
    Refusal(#""padding":null"#, #""padding":{"pad_id":0}"#, "padding", "not supported"),
    Refusal(#""id":4,"#, #""id":9,"#, "added_tokens[0].id", #"found 9 for "<s>", expected 4"#),
    Refusal(#""id":4,"#, #""id":"4","#, "added_tokens[0].id", #"found the string "4", expected an id"#),
    Refusal(#""id":4,"#, #""id":4.5,"#, "added_tokens[0].id", "found the number 4.5"),
    Refusal(#""id":4,"#, #""id":99999999999999999999,"#, "added_tokens[0].id", "expected an id from 0"),
    Refusal(#""id":4,"#, "", "added_tokens[0].id", "missing"),
    Refusal(#""single_word":false,"#, "", "added_tokens[0].single_word", "missing"),
    Refusal(#""special":true}"#, #""special":1}"#, "added_tokens[0].special", "found the number 1"),
    Refusal(#""content":"<s>""#, #""content":null"#, "added_tokens[0].content", "missing or null"),
    Refusal(#"{"type":"NFC"}"#, #"{"type":"Nmt"}"#, "normalizer.type", #"the string "Nmt" is not supported"#),
    Refusal(#"{"type":"NFC"}"#, #""NFC""#, "normalizer", "expected an object"),
    Refusal(
      #"{"type":"NFC"}"#, #"{"type":"Sequence","normalizers":[{"type":"Precompiled"}]}"#,
      "normalizer.normalizers[0].type",
      "Precompiled"),
    Refusal(
      #"{"type":"NFC"}"#, #"{"type":"Replace","pattern":{"Regex":"("},"content":""}"#, "normalizer.pattern.Regex",
      "no end"),
    Refusal(#"{"type":"NFC"}"#, #"{"type":"Prepend"}"#, "normalizer.prepend", "missing"),
    Refusal(
      #""Regex":"'s"#, #""Regex":"(?<n>'s)"#, "pre_tokenizer.pretokenizers[0].pattern.Regex", "is not supported"),
    Refusal(#""Regex":"#, #""Other":"#, "pre_tokenizer.pretokenizers[0].pattern.Regex", "missing"),
    Refusal("Isolated", "Isolate", "pre_tokenizer.pretokenizers[0].behavior", "Isolate"),
    Refusal(#""invert":false"#, #""invert":1"#, "pre_tokenizer.pretokenizers[0].invert", "expected true or false"),
    Refusal(
      #"{"type":"ByteLevel","add_prefix_space":false"#, #"{"type":"UnicodeScripts","add_prefix_space":false"#,
      "pre_tokenizer.pretokenizers[1].type", "UnicodeScripts"),
    Refusal(
      #"{"type":"Split","#, #"{"type":"ByteLevel","add_prefix_space":true,"#, "pre_tokenizer.pretokenizers[1].type",
      "as the last step only"),
    Refusal(#""add_prefix_space":false,"#, "", "pre_tokenizer.pretokenizers[1].add_prefix_space", "missing"),
    Refusal(#""TemplateProcessing""#, #""Unknown""#, "post_processor.type", "Unknown"),
    Refusal(
      #""TemplateProcessing","#, #""BertProcessing","cls":["<s>",9],"sep":["<s>",4],"#, "post_processor.cls[1]",
      "at most 4"),
    Refusal(#""id":"A""#, #""id":"B""#, "post_processor.single[1].Sequence.id", #"expected "A""#),
    Refusal(#""ids":[4]"#, #""ids":[5]"#, "post_processor.special_tokens.<s>.ids[0]", "at most 4"),
    Refusal(#"{"<s>":{"id""#, #"{"<t>":{"id""#, "post_processor.special_tokens.<s>", "missing"),
    Refusal(#",{"Sequence":{"id":"A","type_id":0}}]"#, "]", "post_processor.single", "missing"),
    Refusal(#""decoder":{"type":"ByteLevel""#, #""decoder":{"type":"CTC""#, "decoder.type", "CTC"),
    Refusal(#""model":"#, #""Model":"#, "model", "missing"),
    Refusal(#""type":"BPE""#, #""type":"Unigram""#, "model.type", #"the string "Unigram" is not supported"#),
    Refusal(#""type":"BPE""#, #""type":null"#, "model.type", "missing or null"),
    Refusal(#""dropout":null"#, #""dropout":0.1"#, "model.dropout", "not supported"),
    Refusal(#""unk_token":null,"#, #""unk_token":"c","#, "model.unk_token", "not in model.vocab"),
    Refusal(
      #""continuing_subword_prefix":null"#, #""continuing_subword_prefix":"@@""#, "model.continuing_subword_prefix",
      #"found the string "@@""#),
    Refusal(#""end_of_word_suffix":null"#, #""end_of_word_suffix":"</w>""#, "model.end_of_word_suffix", "</w>"),
    Refusal(#""byte_fallback":false"#, #""byte_fallback":1"#, "model.byte_fallback", "expected true or false"),
    Refusal(#""ignore_merges":false"#, #""ignore_merges":"no""#, "model.ignore_merges", "expected true or false"),
    Refusal(#""b":1"#, #""b":-1"#, "model.vocab", #"the token "b" has the number -1"#),
    Refusal(#""b":1"#, #""b":4194304"#, "model.vocab", "4194304"),
    Refusal(#""b":1"#, #""b":0"#, "model.vocab", #"the tokens "a" and "b" both have the id 0"#),
    Refusal(#"{"a":0,"b":1,"ab":2,"\u0120":3}"#, "{}", "model.vocab", "no tokens"),
    Refusal(#"["a b"]"#, "null", "model.merges", "missing or null"),
    Refusal(#"["a b"]"#, #"["a b","a c"]"#, "model.merges[1]", #"the token "c" is not in model.vocab"#),
    Refusal(#"["a b"]"#, #"["b a"]"#, "model.merges[0]", #"the token "ba" is not in model.vocab"#),
    Refusal(#"["a b"]"#, #"["a b c"]"#, "model.merges[0]", #"found the string "a b c""#),
    Refusal(#"["a b"]"#, #"["ab"]"#, "model.merges[0]", #"found the string "ab""#),
    Refusal(#"["a b"]"#, #"[["a","b","c"]]"#, "model.merges[0]", "expected one of two tokens"),
    Refusal(#"["a b"]"#, "[3]", "model.merges[0]", "found the number 3"),
  ]

  @Test(arguments: refusals)
  func isRefusedByName(refusal: Refusal) throws {
    let place = try #require(Self.good.range(of: refusal.find), "the change must hit something")
    let changed = Self.good.replacingCharacters(in: place, with: refusal.replacement)
    let error = try #require(throws: TokenizerError.self) {
      try Tokenizer(json: Data(changed.utf8), source: "dir/tokenizer.json")
    }
    #expect(error.field == refusal.field)
    #expect(error.problem.contains(refusal.says), "\(error)")
    #expect(error.description.hasPrefix("dir/tokenizer.json: \(refusal.field): "))
  }

  @Test(arguments: [
    ("", "ends where a value was expected (at byte 0)"), ("{", "key in quotes"), ("{}x", "end of the text"),
    ("[1,]", "expected a value (at byte 3)"), ("{\"a\":01}", "leading zero"), ("{\"a\":\"\\ud800\"}", "surrogate"),
    ("{\"a\":\"\\x\"}", "escape"), ("{\"a\":\"\n\"}", "control character"), ("{\"a\":tru}", "expected a value"),
    ("{\"a\":1e999}", "out of range"), ("{\"a\":\"", "ends inside a string"), ("{\"a\" 1}", "expected ':'"),
    (String(repeating: "[", count: 100_000), "nested more than 128 deep"),
    (#"{"a":1,"b":{},"a":1}"#, #"the key "a" occurs twice in one object (at byte 14)"#),
    ("{\"a\":NaN}", "expected a value, found NaN"), ("{\"a\":-Infinity}", "expected a value"),
  ])
  func malformedJSONIsRefusedWithItsPlace(text: String, says: String) throws {
    let error = try #require(throws: TokenizerError.self) { try Tokenizer(json: Data(text.utf8), source: "file.json") }
    #expect(error.description.hasPrefix("file.json: not JSON: "))
    #expect(error.problem.contains(says), "\(error)")
  }

  @Test func tokensThatAreOnlyEquivalentAreTwo() throws {
    let text = Self.good.replacing(#""\u0120":3"#, with: "\"\u{E9}\":3,\"e\u{301}\":4")
      .replacing("\"id\":4", with: "\"id\":5").replacing("\"ids\":[4]", with: "\"ids\":[5]")
    let tokenizer = try Tokenizer(json: Data(text.utf8), source: "file.json")
    #expect(tokenizer.id(of: "\u{E9}") == 3)
    #expect(tokenizer.id(of: "e\u{301}") == 4)
    #expect(tokenizer.token(of: 3)?.bytes == [0xC3, 0xA9])
    #expect(tokenizer.token(of: 4)?.bytes == [0x65, 0xCC, 0x81])
  }

  @Test func aFileCannotWriteToTheTerminal() throws {
    for (find, replacement) in [
      ("\"NFC\"", #""\u001b[31m""#), (#""b":1"#, #""\u001b]0;":0"#), (#"["a b"]"#, #"["a \u001b"]"#),
      (#""SpecialToken":{"id":"<s>""#, #""SpecialToken":{"id":"\u001b[31m""#),
      (#""version":"1.0""#, #""\u001b[31m":1,"\u001b[31m":2"#),
    ] {
      let place = try #require(Self.good.range(of: find))
      let changed = Self.good.replacingCharacters(in: place, with: replacement)
      let error = try #require(throws: TokenizerError.self) { try Tokenizer(json: Data(changed.utf8), source: "f") }
      #expect(error.description.contains(#"\u{1B}"#))
      #expect(!error.description.unicodeScalars.contains { $0.value < 0x20 })
    }
  }

  @Test func textThatIsNotUTF8IsRefused() throws {
    let error = try #require(throws: TokenizerError.self) {
      try Tokenizer(json: Data([0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D]), source: "file.json")
    }
    #expect(error.problem.contains("UTF-8"))
  }

  @Test func aMissingFileIsNamed() throws {
    let error = try #require(throws: TokenizerError.self) { try Tokenizer(folder: "/no/such/folder") }
    #expect(error.description == "/no/such/folder/tokenizer.json: the file does not exist")
  }

  @Test func twoAddedTokensWithOneContentAreRefused() throws {
    let token = #"""
      {"id":4,"content":"<s>","single_word":false,"lstrip":false,"rstrip":false,"normalized":false,"special":true}
      """#
    let place = try #require(Self.good.range(of: token))
    let changed = Self.good.replacingCharacters(in: place, with: "\(token),\(token)")
    let error = try #require(throws: TokenizerError.self) { try Tokenizer(json: Data(changed.utf8), source: "f") }
    #expect(error.description == #"f: added_tokens[1].content: "<s>" was already added by added_tokens[0]"#)
  }
}
