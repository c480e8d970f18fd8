import Backend
import Scheduling

/// A request on its way: what the scheduler does not know.
struct Sequence {
  let request: GenerationRequest
  let sampler: Sampler
  private(set) var generated: [Int32] = []
  var capture: Capture?
  /// The key of the last full block, if its blocks are shared; then `secret` makes the next ones.
  private var lastKey: BlockKey?
  private let secret: SipHash.Key?

  /// - Parameter secret: for the keys of its blocks; nil to share none.
  init(_ request: GenerationRequest, blockKeys: [BlockKey] = [], secret: SipHash.Key? = nil) {
    self.request = request
    self.secret = secret
    sampler = Sampler(request.sampling)
    capture = request.capture.map { _ in Capture() }
    lastKey = blockKeys.last
  }

  /// Tokens of the prompt and generated ones.
  var length: Int { request.prompt.count + generated.count }

  /// Token `index` of the prompt or, behind it, of what was generated.
  func token(_ index: Int) -> Int32 {
    index < request.prompt.count ? request.prompt[index] : generated[index - request.prompt.count]
  }

  /// Takes the next token, and gives the key of the KV block that it fills.
  mutating func append(_ token: Int32, blockSize: Int) -> BlockKey? {
    generated.append(token)
    guard let secret, length % blockSize == 0 else { return nil }
    let tokens = (length - blockSize..<length).map(self.token)
    lastKey = BlockKey.chain(tokens, blockSize: blockSize, after: lastKey, secret: secret).first
    return lastKey
  }

  /// Why the text ends here; nil if it goes on.
  var finishReason: FinishReason? {
    if let last = generated.last, request.stopTokens.contains(last) { return .stop }
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
