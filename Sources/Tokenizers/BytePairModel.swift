/// A byte-pair encoding: how a word becomes tokens.
struct BytePairModel: Sendable {
  /// What the words are made of before anything is merged.
  enum Alphabet: Sendable {
    /// By byte, its token or -1.
    case bytes([Int32])
    /// By scalar, its token.
    case scalars([UInt32: Int32])
  }

  var alphabet: Alphabet
  var merges: BytePairMerges
  /// A word that is a token as a whole is taken as it is.
  var ignoresMerges = false
  /// By byte, the token `<0x0A>` and so on, or -1; empty if there is no byte fallback.
  var byteTokens: [Int32] = []
  var unknown: Int32?
  var fusesUnknown = false
  /// Characters without a token that merges need: they have the ids from `firstHidden` on, which are no tokens.
  var hidden: [[UInt8]] = []
  var firstHidden: Int32 = .max
  /// What no token has behind another character, so that no merge crosses the place before it; empty if there is none.
  private(set) var boundary: [UInt8] = []

  init(alphabet: Alphabet, merges: BytePairMerges) {
    self.alphabet = alphabet
    self.merges = merges
  }

  /// Whether nothing is ever unknown.
  var knowsEveryByte: Bool {
    if case .bytes(let ids) = alphabet { !ids.contains(-1) } else { !byteTokens.isEmpty && !byteTokens.contains(-1) }
  }

  /// The symbols of a word, to be merged.
  func append(_ bytes: [UInt8], _ range: Range<Int>, to word: inout [Int32]) {
    var isAfterUnknown = false
    func appendUnknown(_ unit: Range<Int>) {
      if appendFallback(bytes[unit], to: &word) { return isAfterUnknown = false }
      guard let unknown, !(fusesUnknown && isAfterUnknown) else { return }
      word.append(unknown)
      isAfterUnknown = true
    }
    switch alphabet {
    case .bytes(let ids):
      for index in range {
        let id = ids[Int(bytes[index])]
        if id < 0 {
          appendUnknown(index..<index + 1)
        } else {
          word.append(id)
          isAfterUnknown = false
        }
      }
    case .scalars(let ids):
      var index = range.lowerBound
      while index < range.upperBound {
        let start = index
        if let id = ids[UTF8Reader.scalar(at: &index, in: bytes)] {
          word.append(id)
          isAfterUnknown = false
        } else {
          appendUnknown(start..<index)
        }
      }
    }
  }

  /// The tokens of a character's bytes, if each has one.
  private func appendFallback(_ unit: ArraySlice<UInt8>, to word: inout [Int32]) -> Bool {
    guard !byteTokens.isEmpty, unit.allSatisfy({ byteTokens[Int($0)] >= 0 }) else { return false }
    for byte in unit { word.append(byteTokens[Int(byte)]) }
    return true
  }

  /// Puts tokens in the place of what has none among the ids from `start` on.
  func replaceHidden(in output: inout [Int32], from start: Int) {
    guard !hidden.isEmpty, output[start...].contains(where: { $0 >= firstHidden }) else { return }
    let ids = output[start...]
    output.removeSubrange(start...)
    for id in ids {
      if id < firstHidden {
        output.append(id)
      } else if !appendFallback(hidden[Int(id - firstHidden)][...], to: &output), let unknown {
        output.append(unknown)
      }
    }
  }

  /// Finds out whether words may be cut before each `▁` that follows another character.
  mutating func findBoundary(_ ids: [[UInt8]: Int32]) {
    let space = Array("▁".utf8)
    guard case .scalars = alphabet, !ignoresMerges, ids[space] != nil else { return }
    for spelling in ids.keys where spelling.count > space.count {
      var places: [Int] = []
      TextPattern.literal(space).forEachMatch(in: spelling, spelling.indices) { places.append($0.lowerBound) }
      if places.indices.contains(where: { places[$0] != $0 * space.count }) { return }
    }
    boundary = space
  }

  /// Calls `body` with parts of a word that no merge joins.
  func forEachPart(of bytes: [UInt8], _ range: Range<Int>, _ body: (Range<Int>) -> Void) {
    guard !boundary.isEmpty else { return body(range) }
    var start = range.lowerBound
    var last = range.lowerBound
    TextPattern.literal(boundary).forEachMatch(in: bytes, range) { match in
      if match.lowerBound > last {
        body(start..<match.lowerBound)
        start = match.lowerBound
      }
      last = match.upperBound
    }
    if start < range.upperBound { body(start..<range.upperBound) }
  }

  /// How the token of a byte is spelled for byte fallback.
  static func fallbackSpelling(of byte: UInt8) -> [UInt8] {
    let digits = String(byte, radix: 16, uppercase: true)
    return Array("<0x\(digits.utf8.count < 2 ? "0" : "")\(digits)>".utf8)
  }
}
