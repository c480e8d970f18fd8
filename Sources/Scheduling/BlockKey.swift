/// Names the contents of a full KV block: its tokens, and by the chain all tokens before them.
///
/// A keyed 128-bit hash, SipHash-2-4 with 128 bits of output (Aumasson and Bernstein 2012): without the key nobody can
/// make two texts meet, and by chance two of 2⁴⁰ blocks have one key with a probability below 2⁻⁴⁸.
package struct BlockKey: Hashable, Sendable {
  package let low: UInt64
  package let high: UInt64

  init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  /// The keys of the full blocks of `tokens`, each chained to the one before.
  ///
  /// - Parameters:
  ///   - after: the key of the block before the first, or nil at the beginning of a sequence.
  ///   - secret: the same for all keys that are compared.
  package static func chain(
    _ tokens: some Collection<Int32>, blockSize: Int, after: BlockKey? = nil, secret: SipHash.Key
  ) -> [BlockKey] {
    var keys: [BlockKey] = []
    keys.reserveCapacity(tokens.count / blockSize)
    var previous = after
    var rest = tokens[...]
    var words: [UInt64] = []
    while rest.count >= blockSize {
      words.removeAll(keepingCapacity: true)
      words += [previous == nil ? 0 : 1, previous?.low ?? 0, previous?.high ?? 0]
      for token in rest.prefix(blockSize) { words.append(UInt64(UInt32(bitPattern: token))) }
      let key = SipHash.hash(words, key: secret)
      keys.append(key)
      previous = key
      rest = rest.dropFirst(blockSize)
    }
    return keys
  }
}

/// SipHash-2-4 with 128 bits of output, over 64-bit words.
package enum SipHash {
  package struct Key: Sendable, Equatable {
    let k0: UInt64
    let k1: UInt64

    package init(_ k0: UInt64, _ k1: UInt64) {
      self.k0 = k0
      self.k1 = k1
    }

    package static func random() -> Key { Key(.random(in: 0...UInt64.max), .random(in: 0...UInt64.max)) }
  }

  /// The hash of the little-endian bytes of `words`.
  package static func hash(_ words: [UInt64], key: Key) -> BlockKey {
    var v0 = key.k0 ^ 0x736f_6d65_7073_6575
    var v1 = key.k1 ^ 0x646f_7261_6e64_6f6d ^ 0xee
    var v2 = key.k0 ^ 0x6c79_6765_6e65_7261
    var v3 = key.k1 ^ 0x7465_6462_7974_6573
    func rounds(_ count: Int) {
      for _ in 0..<count {
        v0 &+= v1
        v2 &+= v3
        v1 = rotate(v1, 13) ^ v0
        v3 = rotate(v3, 16) ^ v2
        v0 = rotate(v0, 32)
        v2 &+= v1
        v0 &+= v3
        v1 = rotate(v1, 17) ^ v2
        v3 = rotate(v3, 21) ^ v0
        v2 = rotate(v2, 32)
      }
    }
    for word in words + [UInt64(words.count & 31) << 59] {
      v3 ^= word
      rounds(2)
      v0 ^= word
    }
    v2 ^= 0xee
    rounds(4)
    let low = v0 ^ v1 ^ v2 ^ v3
    v1 ^= 0xdd
    rounds(4)
    return BlockKey(low: low, high: v0 ^ v1 ^ v2 ^ v3)
  }

  private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 { value << count | value >> (64 - count) }
}
