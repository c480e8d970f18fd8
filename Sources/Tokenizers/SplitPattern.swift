/// A regular expression that cuts text into words before merging, as a hand-written scanner.
///
/// Each alternative is tried in the order of the pattern, as a backtracking engine does. Both patterns match at every
/// scalar, so with the behaviour "Isolated" the pieces are the matches and nothing lies between them.
enum SplitPattern: Sendable, CaseIterable {
  case gpt2
  case qwen2

  /// The pattern as files spell it.
  var expression: String {
    switch self {
    case .gpt2: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    case .qwen2:
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"#
        + #"|\s*[\r\n]+|\s+(?!\S)|\s+"#
    }
  }

  /// Where the match that begins at `start` ends. `start` must be below `end`, and the text valid UTF-8.
  func matchEnd(in bytes: [UInt8], from start: Int, to end: Int) -> Int {
    let cursor = Cursor(bytes: bytes, end: end)
    switch self {
    case .gpt2: return cursor.gpt2(start)
    case .qwen2: return cursor.qwen2(start)
    }
  }
}

private struct Cursor {
  let bytes: [UInt8]
  let end: Int

  private static let letterOrNumber: ScalarClasses = [.letter, .number]
  private static let letterNumberOrSpace: ScalarClasses = [.letter, .number, .space]
  private static let letterNumberOrNewline: ScalarClasses = [.letter, .number, .newline]

  /// The classes of the scalar at `index`, and where the next one begins; nil at the end.
  @inline(__always)
  private func next(_ index: Int) -> (classes: ScalarClasses, next: Int)? {
    guard index < end else { return nil }
    var after = index
    let scalar = UTF8Reader.scalar(at: &after, in: bytes)
    return (ScalarClasses.of(scalar), after)
  }

  /// Past the scalars from `index` on that have one of `classes`.
  @inline(__always)
  private func run(_ index: Int, of classes: ScalarClasses) -> Int {
    var index = index
    while let (found, after) = next(index), !found.isDisjoint(with: classes) { index = after }
    return index
  }

  /// Past the scalars from `index` on that are no letter, number or space.
  @inline(__always)
  private func runOfOthers(_ index: Int) -> Int {
    var index = index
    while let (found, after) = next(index), found.isDisjoint(with: Self.letterNumberOrSpace) { index = after }
    return index
  }

  func gpt2(_ start: Int) -> Int {
    if let end = contraction(start, ignoringCase: false) { return end }
    // " ?" in front of three alternatives: the space is taken whenever anything but a space follows it.
    let body = bytes[start] == 0x20 ? start + 1 : start
    if let (classes, after) = next(body) {
      if classes.contains(.letter) { return run(after, of: .letter) }
      if classes.contains(.number) { return run(after, of: .number) }
      if !classes.contains(.space) { return runOfOthers(after) }
    }
    return spaces(start)
  }

  func qwen2(_ start: Int) -> Int {
    if let end = contraction(start, ignoringCase: true) { return end }
    guard let (classes, after) = next(start) else { return end }
    if classes.contains(.letter) { return run(after, of: .letter) }
    if classes.contains(.number) { return after }
    if classes.isDisjoint(with: Self.letterNumberOrNewline), let (second, behind) = next(after),
      second.contains(.letter)
    {
      return run(behind, of: .letter)
    }
    let body = bytes[start] == 0x20 ? after : start
    let others = runOfOthers(body)
    if others > body { return run(others, of: .newline) }
    // \s*[\r\n]+ gives back spaces until it ends in the run's last newline.
    var index = start
    var newline: Int?
    while let (classes, after) = next(index), classes.contains(.space) {
      if classes.contains(.newline) { newline = after }
      index = after
    }
    return newline ?? spaces(start)
  }

  /// `\s+(?!\S)|\s+`: a run of spaces, but its last one is left to the word behind it, unless it is the only one.
  private func spaces(_ start: Int) -> Int {
    let stop = run(start, of: .space)
    if stop == end { return stop }
    let last = UTF8Reader.start(before: stop, in: bytes)
    return last > start ? last : stop
  }

  /// `'s|'t|'re|'ve|'m|'ll|'d`: where it ends, or nil.
  ///
  /// Ignoring case, Oniguruma also takes U+017F (long s) for s, and nothing else outside ASCII.
  private func contraction(_ start: Int, ignoringCase: Bool) -> Int? {
    guard bytes[start] == UInt8(ascii: "'"), start + 1 < end else { return nil }
    let fold: UInt8 = ignoringCase ? 0x20 : 0
    let first = bytes[start + 1]
    let second = start + 2 < end ? bytes[start + 2] : 0
    if ignoringCase, first == 0xC5, second == 0xBF { return start + 3 }
    // OR-ing 0x20 makes small letters of capitals; what else it changes never becomes one of these letters
    // except from the capital, since all of them lie in 0x60...0x7A.
    guard first < 0x80 else { return nil }
    switch first | fold {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"): return second | fold == UInt8(ascii: "e") ? start + 3 : nil
    case UInt8(ascii: "l"): return second | fold == UInt8(ascii: "l") ? start + 3 : nil
    default: return nil
    }
  }
}
