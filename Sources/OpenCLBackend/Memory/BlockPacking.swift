import Backend

/// Puts the blocks of one feature to their places in the blocks of a panel (`Kernels/Common/formats`): the fields of scales
/// first, then the codes, those of more than four bits as a word of upper bits and the words of as many codes. Each field and
/// word lies beside those of the panel's other features, and kernels read one behind the other.
struct BlockPacking {
  private let block: BlockFormat
  private let feature: Int

  init(_ block: BlockFormat, feature: Int) {
    self.block = block
    self.feature = feature
  }

  /// Bits of a code above four, which have words of their own.
  private var upperBits: Int { block.codeBits == 8 ? 0 : block.codeBits - 4 }

  /// Codes of a word of upper bits.
  private var groupCodes: Int { upperBits > 0 ? 32 / upperBits : 32 }

  /// Codes of a word: bytes, or the lower four bits of twice as many.
  private var wordCodes: Int { block.codeBits == 8 ? 4 : 8 }

  /// What words of bytes are changed by: signed codes become unsigned ones, 128 higher, as `vpdpbusd` takes them.
  private var bias: UInt32 { block.codeBits == 8 ? 0x8080_8080 : 0 }

  func write(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
    var next = target
    for field in block.scaleFields {
      (next + feature * field.size).copyMemory(from: source + field.offset, byteCount: field.size)
      next += field.size * DevicePlan.panel
    }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: block.elementCount) { buffer in
      guard let codes = buffer.baseAddress else { return }
      block.codes(source, codes)
      for first in stride(from: 0, to: block.elementCount, by: groupCodes) {
        if upperBits > 0 { store(upperWord(codes + first), to: &next) }
        for index in 0..<groupCodes / wordCodes { store(word(codes + first, index), to: &next) }
      }
    }
  }

  /// A feature that is padding: scale 0, and codes that stand for 0.
  func clear(_ target: UnsafeMutableRawPointer) {
    var next = target
    for field in block.scaleFields {
      (next + feature * field.size).initializeMemory(as: UInt8.self, repeating: 0, count: field.size)
      next += field.size * DevicePlan.panel
    }
    let words = groupCodes / wordCodes + (upperBits > 0 ? 1 : 0)
    for _ in 0..<block.elementCount / groupCodes * words { store(bias, to: &next) }
  }

  /// Goes on to the next word of all features.
  private func store(_ word: UInt32, to next: inout UnsafeMutableRawPointer) {
    (next + feature * 4).storeBytes(of: word.littleEndian, as: UInt32.self)
    next += 4 * DevicePlan.panel
  }

  private func word(_ codes: UnsafeMutablePointer<UInt8>, _ index: Int) -> UInt32 {
    func four(_ first: Int) -> UInt32 {
      UInt32(littleEndian: UnsafeRawPointer(codes).loadUnaligned(fromByteOffset: first, as: UInt32.self))
    }
    if block.codeBits == 8 { return four(4 * index) ^ bias }
    return four(8 * index) & 0x0F0F_0F0F | (four(8 * index + 4) & 0x0F0F_0F0F) << 4
  }

  /// As the words have them, byte b holds the bits of k = 4i + b, those of a smaller i lower.
  private func upperWord(_ codes: UnsafeMutablePointer<UInt8>) -> UInt32 {
    (0..<groupCodes).reduce(0) { word, k in
      word | UInt32(codes[k] >> 4) << UInt32(k % 4 * 8 + k / 4 * upperBits)
    }
  }
}
