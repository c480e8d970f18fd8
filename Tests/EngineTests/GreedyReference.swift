import Foundation
import TestSupport
import Testing

/// Greedily chosen tokens as Hugging Face transformers has them, from a `reference.json`.
struct GreedyReference: Decodable {
  let tokens: [Int32]
  let text: String?
  /// Between the two best logits, at each token.
  let margins: [Double]

  enum CodingKeys: String, CodingKey {
    case tokens, text
    case margins = "top2_margin"
  }

  /// Below this gap another arithmetic may rightly choose the other token.
  static let nearTie = 0.01

  /// Expects the same tokens, up to the first that differs in a near tie.
  func expect(_ found: [Int32], _ context: String) {
    #expect(found.count == tokens.count, "\(context)")
    for (index, (a, b)) in zip(found, tokens).enumerated() where a != b {
      #expect(margins[index] < Self.nearTie, "\(context): token \(index) is \(a), expected \(b)")
      return
    }
  }
}

/// The parts of the fixtures' `reference.json`.
struct ReferenceFile: Decodable {
  struct HeldOut: Decodable {
    let tokens: Int
    let window: Int
    let perToken: Double

    enum CodingKeys: String, CodingKey {
      case tokens, window
      case perToken = "nats_per_token"
    }
  }

  /// `qwen3_moe`: by the prompt's length.
  let greedy: [String: GreedyReference]?
  /// `tiny-moe`: by the prompt's text.
  let prompts: [String: GreedyReference]?
  let heldOut: HeldOut?

  enum CodingKeys: String, CodingKey {
    case greedy, prompts
    case heldOut = "held_out"
  }

  init(_ fixture: String, withPrompts: Bool) throws {
    let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("\(fixture)/reference.json")))
    var object = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    if !withPrompts { object["prompts"] = nil }
    self = try JSONDecoder().decode(ReferenceFile.self, from: JSONSerialization.data(withJSONObject: object))
  }
}
