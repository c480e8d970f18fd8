/// A token that is looked for in the text itself, before any splitting and merging.
struct AddedToken: Sendable {
  var id: Int32
  /// What is looked for, in UTF-8.
  var content: [UInt8]
  /// Found only where no word character stands beside it.
  var singleWord: Bool
  /// Takes the white space before it too.
  var stripsLeft: Bool
  /// Takes the white space behind it too.
  var stripsRight: Bool
}

/// Finds added tokens: leftmost first, the longest of those that begin there, without overlap.
struct AddedTokenMatcher: Sendable {
  /// A stretch of the text: an added token, or text between (`id` nil).
  struct Section {
    var id: Int32?
    var range: Range<Int>
  }

  private let tokens: [AddedToken]
  /// A trie: `node << 8 | byte` → node.
  private var edges: [UInt64: Int] = [:]
  /// By node: the index of the token that ends there, or -1.
  private var ends: [Int] = [-1]
  private var starts = [Bool](repeating: false, count: 256)

  /// Tokens with an empty content are never found; of two with one content the first counts.
  init(_ tokens: [AddedToken]) {
    self.tokens = tokens
    for (index, token) in tokens.enumerated() {
      guard let first = token.content.first else { continue }
      starts[Int(first)] = true
      var node = 0
      for byte in token.content {
        let key = UInt64(node) << 8 | UInt64(byte)
        if let next = edges[key] {
          node = next
        } else {
          node = ends.count
          edges[key] = node
          ends.append(-1)
        }
      }
      if ends[node] < 0 { ends[node] = index }
    }
  }

  var isEmpty: Bool { tokens.isEmpty }

  private func longestMatch(in bytes: [UInt8], from start: Int, to end: Int) -> (token: AddedToken, end: Int)? {
    var node = 0
    var found: (token: AddedToken, end: Int)?
    var index = start
    while index < end, let next = edges[UInt64(node) << 8 | UInt64(bytes[index])] {
      node = next
      index += 1
      if ends[node] >= 0 { found = (tokens[ends[node]], index) }
    }
    return found
  }

  /// Cuts a text into sections, in order.
  ///
  /// The rules for white space are those of `tokenizers`: a token that was found inside what the token before it
  /// took still counts, so the sections may overlap there.
  func sections(of bytes: [UInt8], in range: Range<Int>) -> [Section] {
    var sections: [Section] = []
    // What comes before `done` is in `sections`; the next match is looked for from `index` on.
    var done = range.lowerBound
    var index = range.lowerBound
    while index < range.upperBound {
      guard starts[Int(bytes[index])],
        let (token, matchEnd) = longestMatch(in: bytes, from: index, to: range.upperBound)
      else {
        index += 1
        continue
      }
      var start = index
      var end = matchEnd
      index = matchEnd
      if token.singleWord, touchesWord(bytes, start..<end, in: range) { continue }
      if token.stripsLeft { start = max(spaceStart(bytes, before: start, from: done), done) }
      if token.stripsRight { end = spaceEnd(bytes, after: end, to: range.upperBound) }
      if done < start { sections.append(Section(id: nil, range: done..<start)) }
      sections.append(Section(id: token.id, range: min(start, end)..<end))
      done = end
    }
    if done < range.upperBound { sections.append(Section(id: nil, range: done..<range.upperBound)) }
    return sections
  }

  private func touchesWord(_ bytes: [UInt8], _ match: Range<Int>, in range: Range<Int>) -> Bool {
    if match.lowerBound > range.lowerBound {
      var index = UTF8Reader.start(before: match.lowerBound, in: bytes)
      if ScalarClasses.of(UTF8Reader.scalar(at: &index, in: bytes)).contains(.word) { return true }
    }
    var index = match.upperBound
    return index < range.upperBound && ScalarClasses.of(UTF8Reader.scalar(at: &index, in: bytes)).contains(.word)
  }

  private func spaceStart(_ bytes: [UInt8], before index: Int, from limit: Int) -> Int {
    var index = index
    while index > limit {
      let start = UTF8Reader.start(before: index, in: bytes)
      var next = start
      guard ScalarClasses.of(UTF8Reader.scalar(at: &next, in: bytes)).contains(.space) else { break }
      index = start
    }
    return index
  }

  private func spaceEnd(_ bytes: [UInt8], after index: Int, to limit: Int) -> Int {
    var index = index
    while index < limit {
      var next = index
      guard ScalarClasses.of(UTF8Reader.scalar(at: &next, in: bytes)).contains(.space) else { break }
      index = next
    }
    return index
  }
}
