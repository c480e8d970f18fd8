import Backend
import Grammars
import Scheduling

/// A request on its way: what the scheduler does not know.
struct Sequence {
  let request: GenerationRequest
  let sampler: Sampler
  private(set) var generated: [Int32] = []
  var capture: Capture?
  /// Of the newest token, if asked for.
  private(set) var newestLogprobs: TokenLogprobs?
  private var grammar: GrammarMatcher?
  private var seen: SeenTokens
  /// The key of the last full block, if its blocks are shared; then `secret` makes the next ones.
  private var lastKey: BlockKey?
  private let secret: SipHash.Key?

  /// - Parameter secret: for the keys of its blocks; nil to share none.
  init(_ request: GenerationRequest, blockKeys: [BlockKey] = [], secret: SipHash.Key? = nil) {
    self.request = request
    self.secret = secret
    sampler = Sampler(request.sampling)
    capture = request.capture.map { _ in Capture() }
    grammar = request.grammar
    seen = SeenTokens(prompt: request.prompt, request.sampling.adjustment)
    lastKey = blockKeys.last
  }

  /// Tokens of the prompt and generated ones.
  var length: Int { request.prompt.count + generated.count }

  /// Token `index` of the prompt or, behind it, of what was generated.
  func token(_ index: Int) -> Int32 {
    index < request.prompt.count ? request.prompt[index] : generated[index - request.prompt.count]
  }

  /// The next token; nil if none can be chosen. Keeps its log probability if that was asked for.
  mutating func choose(_ logits: ArraySlice<Float>) -> Int32? {
    let index = generated.count
    let token: Int32?
    if grammar == nil, request.sampling.adjustment.isNeutral {
      token = logits.withUnsafeBufferPointer { sampler.choose($0, index: index) }
    } else {
      var adjusted = Array(logits)
      request.sampling.adjustment.apply(to: &adjusted, seen)
      grammar?.mask(&adjusted, tokensLeft: request.maxTokens - index, stops: request.stopTokens)
      token = adjusted.withUnsafeBufferPointer { sampler.choose($0, index: index) }
    }
    if let token, let count = request.logprobs { newestLogprobs = TokenLogprobs(of: token, in: logits, top: count) }
    return token
  }

  /// Takes the next token, and gives the key of the KV block that it fills.
  mutating func append(_ token: Int32, blockSize: Int) -> BlockKey? {
    generated.append(token)
    seen.append(token)
    grammar?.accept(token)
    guard let secret, length % blockSize == 0 else { return nil }
    let tokens = (length - blockSize..<length).map(self.token)
    lastKey = BlockKey.chain(tokens, blockSize: blockSize, after: lastKey, secret: secret).first
    return lastKey
  }

  /// Keeps what rows of the prompt gave to the tokens behind them.
  /// - Parameters:
  ///   - logits: [rows, vocabulary]
  ///   - first: position of the first row.
  mutating func keepPromptLogprobs(_ logits: [Float], first: Int, vocabulary: Int, _ count: Int) {
    for row in 0..<logits.count / vocabulary where first + row + 1 < request.prompt.count {
      let own = logits[row * vocabulary..<(row + 1) * vocabulary]
      capture?.promptLogprobs.append(TokenLogprobs(of: request.prompt[first + row + 1], in: own, top: count))
    }
  }

  /// Why the text ends here; nil if it goes on.
  var finishReason: FinishReason? {
    if let last = generated.last, request.stopTokens.contains(last) { return .stop }
    if grammar?.isComplete == true { return .stop }
    return generated.count >= request.maxTokens ? .length : nil
  }
}

extension Capture {
  mutating func append(_ values: [Float], hidden layer: Int) {
    while hidden.count <= layer { hidden.append([]) }
    hidden[layer] += values
  }

  mutating func append(_ chosen: [Int32], router layer: Int) {
    while router.count <= layer { router.append([]) }
    router[layer] += chosen
  }
}
