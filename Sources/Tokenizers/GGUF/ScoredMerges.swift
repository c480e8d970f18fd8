/// SentencePiece's byte-pair encoding: of all neighbouring pieces that make a token together, those are joined first
/// whose token has the highest score, the leftmost first.
///
/// Written as merges: each way to cut a token into two tokens, or single characters, ranked by the token's score.
struct ScoredMerges {
  let model: BytePairModel

  init(_ reader: MetadataReader) throws(TokenizerError) {
    guard let scores = reader.metadata.scores else { throw reader.error("scores", "the key is missing") }
    if let index = scores.firstIndex(where: \.isNaN) {
      throw reader.error("scores", "the score of token \(index) is not a number")
    }
    var ids = reader.ids
    let spellings = reader.allSpellings
    let firstHidden = Int32(spellings.count)
    var hidden: [[UInt8]] = []
    var merges = BytePairMerges()
    let ranks = Self.ranks(scores)

    func piece(_ bytes: ArraySlice<UInt8>) -> Int32? {
      let bytes = Array(bytes)
      if let id = ids[bytes] { return id }
      var end = 0
      _ = UTF8Reader.scalar(at: &end, in: bytes)
      guard end == bytes.count else { return nil }
      let id = firstHidden + Int32(hidden.count)
      hidden.append(bytes)
      ids[bytes] = id
      return id
    }

    for (index, spelling) in spellings.enumerated() where reader.ids[spelling] == Int32(index) {
      var cut = 0
      while cut < spelling.count {
        _ = UTF8Reader.scalar(at: &cut, in: spelling)
        guard cut < spelling.count, let left = piece(spelling[..<cut]), let right = piece(spelling[cut...]) else {
          continue
        }
        merges.add(left, right, rank: ranks[index], result: Int32(index))
      }
    }
    var model = BytePairModel(alphabet: .scalars(BytePairModel.scalars(ids)), merges: merges)
    model.hidden = hidden
    model.firstHidden = firstHidden
    self.model = model
  }

  /// By token, the place of its score among all different scores, the highest first.
  private static func ranks(_ scores: [Float]) -> [Int32] {
    var ranks = [Int32](repeating: 0, count: scores.count)
    var rank: Int32 = -1
    var last: Float?
    for index in scores.indices.sorted(by: { scores[$0] > scores[$1] }) {
      if scores[index] != last { rank += 1 }
      last = scores[index]
      ranks[index] = rank
    }
    return ranks
  }
}
