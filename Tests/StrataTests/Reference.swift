import Checkpoints
import Foundation
import TestSupport
import Testing

/// What Hugging Face's greedy decoding makes of a prompt: `tiny-moe/reference.json`.
struct Greedy: Decodable {
  let tokens: [Int32]
  /// The prompt and what follows it.
  let text: String
  /// Between the two best logits, at each token: under 0.01 another arithmetic may rightly choose the other one.
  let margins: [Double]

  enum CodingKeys: String, CodingKey {
    case tokens, text
    case margins = "top2_margin"
  }

  /// By prompt.
  static func all() throws -> [String: Greedy] {
    struct File: Decodable { let prompts: [String: Greedy] }
    let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("tiny-moe/reference.json")))
    return try JSONDecoder().decode(File.self, from: data).prompts
  }

  /// A prompt without a near tie, so that every right arithmetic gives its text.
  static let prompt = "ROMEO.\n"

  /// The continuation of `prompt`.
  static func continuation() throws -> (tokens: [Int32], text: String) {
    let greedy = try #require(try all()[prompt])
    #expect(greedy.margins.allSatisfy { $0 > 0.01 } && greedy.text.hasPrefix(prompt))
    return (greedy.tokens, String(greedy.text.dropFirst(prompt.count)))
  }

  /// Expects these tokens, up to the first that differs in a near tie.
  func expect(_ found: [Int32], _ context: String) {
    #expect(found.count == tokens.count, "\(context)")
    for (index, (a, b)) in zip(found, tokens).enumerated() where a != b {
      #expect(margins[index] < 0.01, "\(context): token \(index) is \(a), expected \(b)")
      return
    }
  }
}

/// What `strata run --json` prints.
struct RunJSON: Decodable {
  struct Request: Decodable {
    let prompt: String
    let text: String
    let tokens: [Int32]
    let finishReason: String
    let promptTokens: Int
    let outputTokens: Int
    let timeToFirstToken: Double
    let meanTimeBetweenTokens: Double?
    let duration: Double
  }

  let device: String
  let policy: String
  let seed: UInt64
  let requests: [Request]
  let outputTokensPerSecond: Double
  let expertBytesDecode: Int
  let expertBytesPrefill: Int
}

/// What `strata devices --json` prints, as far as tests look at it.
struct DevicesJSON: Decodable {
  struct Device: Decodable {
    let index: Int
    let name: String
    let kind: String
    let usable: Bool
    let globalMemoryBytes: Int
    let maxAllocationBytes: Int
  }

  let devices: [Device]
}
