/// The trace that a request belongs to, and the span that it is a part of, as the header `traceparent` says (W3C Trace
/// Context, level 1), or a new trace.
struct TraceContext: Sendable, Equatable {
  /// 32 and 16 digits of hexadecimal numbers.
  let trace: String
  let parent: String?
  /// Whether those who sent the request keep the trace.
  let isSampled: Bool

  init() {
    trace = Self.randomID(bytes: 16)
    parent = nil
    isSampled = true
  }

  /// Nil for a header that says nothing.
  init?(header: String) {
    let fields = header.split(separator: "-", omittingEmptySubsequences: false)
    guard fields.count >= 4, Self.isID(fields[0], digits: 2), fields[0] != "ff", Self.isID(fields[1], digits: 32),
      Self.isID(fields[2], digits: 16), Self.isID(fields[3], digits: 2), let flags = UInt8(fields[3], radix: 16),
      !fields[1].allSatisfy({ $0 == "0" }), !fields[2].allSatisfy({ $0 == "0" })
    else { return nil }
    trace = String(fields[1])
    parent = String(fields[2])
    isSampled = flags & 1 == 1
  }

  private static func isID(_ text: Substring, digits: Int) -> Bool {
    text.utf8.count == digits && text.allSatisfy { $0.isHexDigit && $0.isASCII && !$0.isUppercase }
  }

  static func randomID(bytes: Int) -> String {
    (0..<bytes).map { _ in
      let byte = String(UInt8.random(in: 0...255), radix: 16)
      return byte.count < 2 ? "0" + byte : byte
    }.joined()
  }
}
