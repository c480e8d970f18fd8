/// The 64-bit FNV-1a hash (Fowler, Noll, Vo; RFC 9923).
///
/// Each step is a bijection of the state, so bytes that differ in one place only never have the same hash.
package func fnv1a(_ bytes: some Collection<UInt8>) -> UInt64 {
  func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    var state: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return state
  }
  return bytes.withContiguousStorageIfAvailable { hash($0) } ?? hash(bytes)
}
