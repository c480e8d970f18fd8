/// What one rendering may spend, so that no template runs without end or fills the memory.
struct Budget {
  /// Nodes evaluated, and bytes or elements made, counted together.
  private var work: Int
  /// Nesting of a template's text.
  static let syntax = 150
  /// Nesting of expressions, statements and macro calls at one time.
  static let depth = 600
  /// Of lists, mappings and tuples in each other.
  static let nesting = 200
  /// Bytes of one string, and of the whole output.
  static let text = 64 << 20
  /// Values in a list or mapping and all that is in it.
  static let size = 2_000_000
  /// Elements of a `range`: the limit of Jinja's sandbox.
  static let range = 100_000

  /// - Parameter input: bytes of the template and its variables.
  init(input: Int) {
    work = 3_000_000 + 64 * min(input, 1 << 28)
  }

  /// Pays for `amount` more steps, bytes or elements.
  mutating func spend(_ amount: Int) throws {
    work -= amount
    if work < 0 { throw Problem("the template takes too many steps or too much memory") }
  }

  /// Pays for a string of `bytes` before it is made.
  mutating func spendText(_ bytes: Int) throws {
    if bytes > Self.text { throw Problem("a text of more than \(Self.text >> 20) MiB") }
    try spend(bytes / 8 + 1)
  }

  /// Pays for a list before it is made.
  mutating func spendElements(_ count: Int) throws {
    if count > Self.size { throw Problem("a list of more than \(Self.size) values") }
    try spend(count + 1)
  }
}
