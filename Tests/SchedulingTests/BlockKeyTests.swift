import Scheduling
import Testing

struct BlockKeyTests {
  /// SipHash-2-4 of the bytes 00 01 02 … under the key 00 … 0f, by `openssl mac -macopt size:16 SIPHASH` (OpenSSL 3.0); the
  /// first two are in the reference implementation's list of vectors as well.
  @Test(
    arguments: [
      (0, 0xA381_7F04_BA25_A8E6, 0x6DF6_7214_C755_0293), (1, 0x3B62_A9BA_6258_F561, 0x0F83_E264_F314_97B4),
      (2, 0x6EE2_A4CA_67B0_54BB, 0xFD33_15BF_8523_0577), (3, 0x2DB4_79AE_78BD_50D8, 0x882A_8A17_8A61_32AD),
      (8, 0x1EAF_077D_C0D4_CD3F, 0x8CAD_4D38_3658_A74B),
    ] as [(Int, UInt64, UInt64)])
  func sipHashIsTheStandardOne(words: Int, first: UInt64, second: UInt64) {
    let input = (0..<UInt64(words)).map { 0x0706_0504_0302_0100 + $0 * 0x0808_0808_0808_0808 }
    let key = SipHash.Key(0x0706_0504_0302_0100, 0x0F0E_0D0C_0B0A_0908)
    let hash = SipHash.hash(input, key: key)
    #expect(hash.bytes == Self.bytes(first) + Self.bytes(second))
  }

  private static func bytes(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
  }

  @Test func aKeyStandsForAllTokensUpToItsBlock() {
    let secret = SipHash.Key(3, 4)
    func keys(_ tokens: [Int32]) -> [BlockKey] { BlockKey.chain(tokens, blockSize: 4, secret: secret) }
    let text: [Int32] = Array(0..<14)
    #expect(keys(text).count == 3, "only full blocks have keys")
    #expect(keys(Array(text.prefix(3))).isEmpty)
    #expect(Array(keys(text).prefix(2)) == keys(Array(text.prefix(8))))
    // Another first token changes all keys; another token in the second block those from there on.
    #expect(zip(keys([9] + text.dropFirst()), keys(text)).allSatisfy { $0 != $1 })
    var other = text
    other[5] = 99
    #expect(zip(keys(other), keys(text)).map { $0 == $1 } == [true, false, false])
    // The same tokens at another place are another block.
    #expect(Set(keys(Array(repeating: 7, count: 12))).count == 3)
    #expect(BlockKey.chain(text, blockSize: 4, secret: SipHash.Key(3, 5)).first != keys(text).first)
  }

  @Test func aChainGoesOnWhereItStopped() {
    let secret = SipHash.Key(3, 4)
    let text: [Int32] = Array(10..<30)
    let whole = BlockKey.chain(text, blockSize: 4, secret: secret)
    let head = BlockKey.chain(text[..<8], blockSize: 4, secret: secret)
    #expect(head + BlockKey.chain(text[8...], blockSize: 4, after: head.last, secret: secret) == whole)
  }
}

extension BlockKey {
  /// As hashes are printed.
  fileprivate var bytes: [UInt8] {
    [low, high].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) } }
  }
}
