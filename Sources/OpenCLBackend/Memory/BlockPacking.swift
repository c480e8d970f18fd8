import Backend

/// Puts the blocks of one feature to their places in the blocks of a panel (`Kernels/Common/formats`): the fields of scales
/// first, then for each 32 codes upper bits and words of codes, each for all features of the panel beside each other: kernels
/// read one byte behind the other.
struct BlockPacking {
  private let block: BlockFormat
  private let feature: Int

  init(_ block: BlockFormat, feature: Int) {
    self.block = block
    self.feature = feature
  }

  /// Words of upper bits for 32 codes that have more than four.
  private var upperWords: Int { block.codeBits == 8 ? 0 : block.codeBits - 4 }

  /// Codes of a word: bytes, or the lower four bits of twice as many.
  private var wordCodes: Int { block.codeBits == 8 ? 4 : 8 }

  func write(_ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer) {
    var next = target
    for field in block.scaleFields {
      (next + feature * field.size).copyMemory(from: source + field.offset, byteCount: field.size)
      next += field.size * DevicePlan.panel
    }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: block.elementCount) { buffer in
      guard let codes = buffer.baseAddress else { return }
      block.codes(source, codes)
      for first in stride(from: 0, to: block.elementCount, by: 32) {
        for index in 0..<upperWords { store(upperWord(codes + first, index), to: &next) }
        for index in 0..<32 / wordCodes { store(word(codes + first, index), to: &next) }
      }
    }
  }

  /// A feature that is padding: scale and codes are 0.
  func clear(_ target: UnsafeMutableRawPointer) {
    var next = target
    for field in block.scaleFields {
      (next + feature * field.size).initializeMemory(as: UInt8.self, repeating: 0, count: field.size)
      next += field.size * DevicePlan.panel
    }
    for _ in 0..<block.elementCount / 32 * (upperWords + 32 / wordCodes) { store(0, to: &next) }
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
    if block.codeBits == 8 { return four(4 * index) }
    return four(8 * index) & 0x0F0F_0F0F | (four(8 * index + 4) & 0x0F0F_0F0F) << 4
  }

  /// As the words have them, byte b holds the bits of k = 4i + b, those of a smaller i lower.
  private func upperWord(_ codes: UnsafeMutablePointer<UInt8>, _ index: Int) -> UInt32 {
    let bits = block.codeBits - 4
    let count = 32 / bits
    return (0..<count).reduce(0) { word, k in
      word | UInt32(codes[index * count + k] >> 4) << UInt32(k % 4 * 8 + k / 4 * bits)
    }
  }
}
