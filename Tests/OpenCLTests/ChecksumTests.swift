import OpenCL
import Testing

struct ChecksumTests {
  // FNV-1a 64 test vectors of RFC 9923 and of the algorithm's authors.
  @Test(
    arguments: [
      ("", 0xcbf2_9ce4_8422_2325), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8),
    ] as [(String, UInt64)])
  func vectors(text: String, expected: UInt64) {
    #expect(fnv1a(Array(text.utf8)) == expected)
    #expect(fnv1a(text.utf8) == expected)
  }
}
