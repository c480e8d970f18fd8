import Foundation

/// Perplexity of a text as llama.cpp estimates it: the text is cut into windows of a fixed length, and of each window the
/// second half is predicted, so that every token has at least half a window before it.
package struct PerplexityEstimate: Sendable {
  /// Negative log-likelihoods: their sum, the sum of their squares, their number.
  private var sum = 0.0
  private var squares = 0.0
  package private(set) var count = 0

  package init() {}

  /// exp of the mean negative log-likelihood.
  package var value: Double { exp(sum / Double(max(count, 1))) }

  /// The standard error of the mean, times the perplexity.
  package var error: Double {
    guard count > 1 else { return 0 }
    let mean = sum / Double(count)
    let variance = squares / Double(count) - mean * mean
    return variance > 0 ? (variance / Double(count - 1)).squareRoot() * value : 0
  }

  /// The windows of a text; `bos` takes the place of each window's first token.
  ///
  /// - Throws: `EngineError` for fewer tokens than two windows have.
  package static func windows(_ tokens: [Int32], length: Int, bos: Int32?) throws(EngineError) -> [[Int32]] {
    guard tokens.count >= 2 * length else {
      throw EngineError("the text has \(tokens.count) tokens, expected at least \(2 * length), two windows")
    }
    return (0..<tokens.count / length).map { index in
      var window = Array(tokens[index * length..<(index + 1) * length])
      if let bos { window[0] = bos }
      return window
    }
  }

  /// Adds a window whose logits are [tokens, vocabulary]; `tokens` are the text's, without BOS in the place of the first.
  package mutating func add(_ tokens: [Int32], logits: [Float]) {
    let vocabulary = logits.count / tokens.count
    for position in tokens.count / 2..<tokens.count - 1 {
      let row = logits[position * vocabulary..<(position + 1) * vocabulary]
      let surprise = Self.surprise(row, Int(tokens[position + 1]))
      sum += surprise
      squares += surprise * surprise
      count += 1
    }
  }

  /// −log softmax(row)[token].
  private static func surprise(_ row: ArraySlice<Float>, _ token: Int) -> Double {
    let largest = row.max() ?? 0
    let total = row.reduce(0.0) { $0 + exp(Double($1 - largest)) }
    return log(total) - Double(row[row.startIndex + token] - largest)
  }
}
