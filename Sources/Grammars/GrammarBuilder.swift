/// Writes a program from its end to its beginning: each part is told where it goes on.
struct GrammarBuilder {
  private(set) var code: [GrammarProgram.Instruction] = []
  private var shared: [String: Int32] = [:]

  /// Instructions that a program may have.
  static let mostInstructions = 200_000

  mutating func add(_ instruction: GrammarProgram.Instruction) throws(GrammarError) -> Int32 {
    guard code.count < Self.mostInstructions else { throw GrammarError("the schema is too large") }
    code.append(instruction)
    return Int32(code.count - 1)
  }

  mutating func end() throws(GrammarError) -> Int32 { try add(.end) }

  mutating func bytes(_ set: ByteSet, _ next: Int32) throws(GrammarError) -> Int32 {
    try add(.bytes(set, next: next))
  }

  mutating func literal(_ text: String, _ next: Int32) throws(GrammarError) -> Int32 {
    var place = next
    for byte in text.utf8.reversed() { place = try bytes(ByteSet([byte]), place) }
    return place
  }

  mutating func call(_ rule: Int32, _ next: Int32) throws(GrammarError) -> Int32 {
    try add(.call(rule: rule, next: next))
  }

  mutating func choice(_ places: [Int32]) throws(GrammarError) -> Int32 { try add(.split(places)) }

  /// A place whose ways are not known yet.
  mutating func reserve() throws(GrammarError) -> Int32 { try add(.split([])) }

  mutating func set(_ place: Int32, to ways: [Int32]) { code[Int(place)] = .split(ways) }

  /// `part` at least `least` times and at most `most` times.
  mutating func repeated(
    _ least: Int, _ most: Int?, _ next: Int32,
    _ part: (inout GrammarBuilder, Int32) throws(GrammarError) -> Int32
  ) throws(GrammarError) -> Int32 {
    var place = next
    if let most {
      for _ in 0..<max(0, most - least) { place = try choice([part(&self, place), next]) }
    } else {
      let loop = try reserve()
      set(loop, to: [try part(&self, loop), next])
      place = loop
    }
    for _ in 0..<least { place = try part(&self, place) }
    return place
  }

  /// A rule that is written once.
  mutating func rule(
    _ name: String, _ body: (inout GrammarBuilder, _ end: Int32) throws(GrammarError) -> Int32
  ) throws(GrammarError) -> Int32 {
    if let known = shared[name] { return known }
    let entry = try reserve()
    shared[name] = entry
    let end = try end()
    set(entry, to: [try body(&self, end)])
    return entry
  }
}
