import Foundation
import Tokenizers

/// The files in `Tests/Fixtures/tokenizers`, which `make_fixtures.py` there made with Hugging Face's `tokenizers`.
enum Fixtures {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures").path

  /// GPT-2's pattern in `ByteLevel`, no normaliser.
  static func tinyMoE() throws -> Tokenizer {
    try Tokenizer(folder: "\(root)/tiny-moe")
  }

  /// Qwen2's pattern in `Split`, NFC, added tokens with every flag.
  static func qwen2Style() throws -> Tokenizer {
    try Tokenizer(json: qwen2StyleJSON(), source: "qwen2_style.json")
  }

  static func qwen2StyleJSON() throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: "\(root)/tokenizers/qwen2_style.json"))
  }

  /// The tab-separated columns of each line.
  static func lines(_ name: String) throws -> [[Substring]] {
    let text = try String(contentsOfFile: "\(root)/tokenizers/\(name)", encoding: .utf8)
    // By scalars, not characters: a tab and a mark behind it would be one character.
    return text.unicodeScalars.split(separator: "\n")
      .map { $0.split(separator: "\t", omittingEmptySubsequences: false).map { Substring($0) } }
  }

  static func base64(_ column: Substring) throws -> [UInt8] {
    guard let data = Data(base64Encoded: String(column)) else { throw BadFixture(column: String(column)) }
    return Array(data)
  }

  static func integers<Integer: FixedWidthInteger>(_ column: Substring, radix: Int = 10) throws -> [Integer] {
    try column.split(separator: " ").map { text in
      guard let integer = Integer(text, radix: radix) else { throw BadFixture(column: String(column)) }
      return integer
    }
  }

  struct BadFixture: Error {
    var column: String
  }
}

extension String {
  /// The text's bytes: `==` of strings takes "é" in one scalar and in two for equal, bytes do not.
  var bytes: [UInt8] { Array(utf8) }
}
