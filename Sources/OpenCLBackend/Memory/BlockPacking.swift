import Backend

/// Puts the blocks of one feature to their places in the blocks of a panel (`Kernels/Common/formats`): the fields of scales
/// first, then upper bits of the codes, then words of codes, each for all features of the panel beside each other.
struct BlockPacking {
  private let block: BlockFormat
  private let feature: Int

  init(_ block: BlockFormat, feature: Int) {
    self.block = block
    self.feature = feature
  }

  /// Words of upper bits: of 32 codes if they have one more than four, of 16 if they have two more.
  private var upperWords: Int {
    switch block.codeBits {
    case 5: block.elementCount / 32
    case 6: block.elementCount / 16
    default: 0
    }
  }

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
      for index in 0..<upperWords { store(upperWord(codes, index), at: index, of: next) }
      next += upperWords * 4 * DevicePlan.panel
      for index in 0..<block.elementCount / wordCodes { store(word(codes, index), at: index, of: next) }
    }
  }

  /// A feature that is padding: scale and codes are 0.
  func clear(_ target: UnsafeMutableRawPointer) {
    var next = target
    for field in block.scaleFields {
      (next + feature * field.size).initializeMemory(as: UInt8.self, repeating: 0, count: field.size)
      next += field.size * DevicePlan.panel
    }
    for index in 0..<upperWords + block.elementCount / wordCodes { store(0, at: index, of: next) }
  }

  private func store(_ word: UInt32, at index: Int, of words: UnsafeMutableRawPointer) {
    (words + (index * DevicePlan.panel + feature) * 4).storeBytes(of: word.littleEndian, as: UInt32.self)
  }

  private func word(_ codes: UnsafeMutablePointer<UInt8>, _ index: Int) -> UInt32 {
    func four(_ first: Int) -> UInt32 {
      UInt32(littleEndian: UnsafeRawPointer(codes).loadUnaligned(fromByteOffset: first, as: UInt32.self))
    }
    if block.codeBits == 8 { return four(4 * index) }
    return four(8 * index) & 0x0F0F_0F0F | (four(8 * index + 4) & 0x0F0F_0F0F) << 4
  }

  private func upperWord(_ codes: UnsafeMutablePointer<UInt8>, _ index: Int) -> UInt32 {
    let bits = block.codeBits - 4
    let count = 32 / bits
    return (0..<count).reduce(0) { $0 | UInt32(codes[index * count + $1] >> 4) << UInt32($1 * bits) }
  }
}
