/// Finds a string in others in linear time, by Knuth, Morris and Pratt; bytes of UTF-8 never match inside a scalar.
private struct BytePattern {
  private let bytes: [UInt8]
  /// By count of matched bytes, how many of them still match once the next one does not.
  private let shorter: [Int]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    var shorter = [Int](repeating: 0, count: bytes.count + 1)
    var matched = 0
    for index in bytes.indices.dropFirst() {
      while matched > 0, bytes[index] != bytes[matched] { matched = shorter[matched] }
      if bytes[index] == bytes[matched] { matched += 1 }
      shorter[index + 1] = matched
    }
    self.shorter = shorter
  }

  /// Where it is, without overlap, at most `limit` times. Must not be empty.
  func places(in text: some Sequence<UInt8>, limit: Int) -> [Int] {
    var places: [Int] = []
    var matched = 0
    if limit == 0 { return [] }
    for (index, byte) in text.enumerated() {
      while matched > 0, byte != bytes[matched] { matched = shorter[matched] }
      if byte == bytes[matched] { matched += 1 }
      guard matched == bytes.count else { continue }
      places.append(index + 1 - matched)
      if places.count == limit { break }
      matched = 0
    }
    return places
  }
}

extension String {
  /// Offsets in UTF-8 where `part` is, without overlap, from the start or from the end.
  func places(of part: String, limit: Int, fromEnd: Bool = false) -> [Int] {
    if part.isEmpty { return [fromEnd ? utf8.count : 0] }
    guard fromEnd else { return BytePattern(Array(part.utf8)).places(in: utf8, limit: limit) }
    let places = BytePattern(part.utf8.reversed()).places(in: utf8.reversed(), limit: limit)
    return places.map { utf8.count - $0 - part.utf8.count }.reversed()
  }

  func firstRange(of part: String) -> Range<String.Index>? { places(of: part, limit: 1).first.map { range($0, part) } }

  func lastRange(of part: String) -> Range<String.Index>? {
    places(of: part, limit: 1, fromEnd: true).last.map { range($0, part) }
  }

  private func range(_ place: Int, _ part: String) -> Range<String.Index> {
    let start = utf8.index(startIndex, offsetBy: place)
    return start..<utf8.index(start, offsetBy: part.utf8.count)
  }

  /// Its parts between the places of `separator`, which is not empty, cut at most `limit` times.
  func parts(separatedBy separator: String, limit: Int = .max, fromEnd: Bool = false) -> [String] {
    var parts: [String] = []
    var start = startIndex
    var offset = 0
    for place in places(of: separator, limit: limit, fromEnd: fromEnd) {
      let end = utf8.index(start, offsetBy: place - offset)
      parts.append(String(self[start..<end]))
      offset = place + separator.utf8.count
      start = utf8.index(end, offsetBy: separator.utf8.count)
    }
    return parts + [String(self[start...])]
  }

  /// Without the scalars for which `isRemoved` holds at the start, the end or both.
  func stripped(left: Bool = true, right: Bool = true, _ isRemoved: (Unicode.Scalar) -> Bool) -> String {
    var scalars = unicodeScalars[...]
    if left { scalars = scalars.drop(while: isRemoved) }
    while right, let last = scalars.last, isRemoved(last) { scalars.removeLast() }
    return String(String.UnicodeScalarView(scalars))
  }

  /// Python's `str.strip()`.
  var strippedOfSpace: String { stripped(\.isPythonSpace) }
}
