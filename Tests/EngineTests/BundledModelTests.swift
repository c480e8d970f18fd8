import Engine
import Foundation
import Models
import TestSupport
import Testing
import Tokenizers

/// The trained model that comes with the project, with its tokenizer, against Hugging Face's results.
@Suite(.serialized)
struct BundledModelTests {
  private let files: ModelFiles
  private let tokenizer: Tokenizer
  private let reference: ReferenceFile

  init() throws {
    files = try ModelFiles(path: Fixtures.path("tiny-moe"))
    tokenizer = try files.tokenizer()
    reference = try ReferenceFile("tiny-moe", withPrompts: true)
  }

  @Test(arguments: TestTarget.all)
  func greedyContinuationsAreHuggingFaces(target: TestTarget) async throws {
    let expected = try #require(reference.prompts).sorted { $0.key < $1.key }
    #expect(expected.count == 4)
    let requests = expected.map { text, greedy in
      GenerationRequest(prompt: [0] + tokenizer.encode(text), maxTokens: greedy.tokens.count)
    }
    let results = try await generate(files, requests, on: target)
    for ((text, greedy), result) in zip(expected, results) {
      greedy.expect(result.tokens, text)
      if result.tokens == greedy.tokens {
        #expect(tokenizer.decode(tokenizer.encode(text) + result.tokens) == greedy.text)
      }
    }
  }

  /// `tokenizer_config.json` says `add_bos_token`, so a text's prompt begins with token 0 by itself; the streamed pieces
  /// are the text.
  @Test func textsBeginWithTheBOSToken() async throws {
    let prompts = try #require(reference.prompts)
    let (text, greedy) = try #require(prompts.min { $0.key < $1.key })
    #expect(files.encode(text, with: tokenizer) == [0] + tokenizer.encode(text))
    let requests = try GenerationRequest.requests(
      for: [text], files, tokenizer, maxTokens: greedy.tokens.count, sampling: .greedy)
    #expect(requests.first?.stopTokens == [0])
    let engine = try Engine(
      files, tokenizer: tokenizer, options: TestTarget.any.options(cachePositions: requests.cachePositions))
    var pieces = ""
    var tokens: [Int32] = []
    for try await event in try await engine.submit(requests)[0] {
      switch event {
      case .token(let token, let piece, _):
        tokens.append(token)
        pieces += piece
      case .finished(let result):
        #expect(result.text == pieces)
        #expect(result.tokens == tokens)
      case .prompt: break
      }
    }
    greedy.expect(tokens, text)
    #expect(pieces == tokenizer.decode(tokens))
  }

  /// The mean negative log-likelihood of the first 15 × 512 tokens; a window's first token follows token 0.
  @Test(arguments: TestTarget.unrounded)
  func theLikelihoodOfUnseenTextIsHuggingFaces(target: TestTarget) async throws {
    #expect(abs(try await likelihoodAboveHuggingFaces(on: target)) < 1e-4)
  }

  /// However a device rounds activations unless it is told not to, it costs less than half a percent of perplexity.
  @Test(arguments: TestTarget.chosen)
  func roundedActivationsPredictUnseenTextAsWell(target: TestTarget) async throws {
    #expect(abs(try await likelihoodAboveHuggingFaces(on: target)) < log(1.005))
  }

  /// Nats a token.
  private func likelihoodAboveHuggingFaces(on target: TestTarget) async throws -> Double {
    let heldOut = try #require(reference.heldOut)
    let windows = try windows(heldOut, count: heldOut.tokens / heldOut.window)
    #expect(windows.count == 15)
    let sums = try await negativeLogLikelihoods(windows, on: target)
    return sums.reduce(0, +) / Double(heldOut.tokens) - heldOut.perToken
  }

  /// The reference is too slow for the whole text: a window cut short, against the OpenCL devices.
  @Test(.needsOpenCL) func devicesFindTheLikelihoodThatTheReferenceFinds() async throws {
    let heldOut = try #require(reference.heldOut)
    let window = try Array(windows(heldOut, count: 2)[1].prefix(160))
    let expected = try await negativeLogLikelihoods([window], on: .reference)[0] / 160
    for target in TestTarget.openCL {
      let found = try await negativeLogLikelihoods([window], on: target)[0] / 160
      #expect(abs(found - expected) < 1e-5, "\(target.testDescription)")
    }
  }

  private func windows(_ heldOut: ReferenceFile.HeldOut, count: Int) throws -> [[Int32]] {
    let text = try String(contentsOfFile: Fixtures.path("tiny-moe/heldout.txt"), encoding: .utf8)
    let tokens = tokenizer.encode(text)
    #expect(tokens.count >= heldOut.tokens)
    return (0..<count).map { Array(tokens[$0 * heldOut.window..<($0 + 1) * heldOut.window]) }
  }

  /// −Σ ln p(token | tokens before it) of each window, in nats.
  private func negativeLogLikelihoods(_ windows: [[Int32]], on target: TestTarget) async throws -> [Double] {
    let vocabulary = files.description.vocabularySize
    let requests = windows.map {
      GenerationRequest(prompt: [0] + $0.dropLast(), maxTokens: 1, capture: CaptureOptions(allLogits: true))
    }
    var sums: [Double] = []
    // One at a time, so that the logits of one window are in memory.
    for (window, request) in zip(windows, requests) {
      let logits = try #require(try await generate(files, [request], on: target)[0].capture?.logits)
      #expect(logits.count == window.count * vocabulary)
      sums.append(
        logits.withUnsafeBufferPointer { logits in
          window.indices.reduce(0.0) { sum, index in
            let row = UnsafeBufferPointer(rebasing: logits[index * vocabulary..<(index + 1) * vocabulary])
            return sum + logSumExp(row) - Double(row[Int(window[index])])
          }
        })
    }
    return sums
  }

  private func logSumExp(_ values: UnsafeBufferPointer<Float>) -> Double {
    var largest = -Float.infinity
    var index = 0
    while index < values.count {
      if values[index] > largest { largest = values[index] }
      index += 1
    }
    var sum = 0.0
    index = 0
    while index < values.count {
      sum += Double(exp(values[index] - largest))
      index += 1
    }
    return Double(largest) + log(sum)
  }
}
