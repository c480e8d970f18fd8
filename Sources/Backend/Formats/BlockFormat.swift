/// A format whose elements stand in blocks: a code of a few bits for each, and scales that some of them share.
///
/// Element i is `scale · values[code(i)] + offset`, with the scale and offset of its group, each step rounded to f32; a
/// group without an offset is `scale · values[code(i)]`. This defines the format: kernels compute the same number.
package struct BlockFormat: Sendable {
  /// Elements of a block.
  package let elementCount: Int
  /// Bytes of a block.
  package let byteCount: Int
  /// Consecutive elements that share a scale and an offset.
  package let groupCount: Int
  /// Bits of a code: 4, 5, 6 or 8.
  package let codeBits: Int
  /// Where a block holds what its codes are scaled with: offset and size in bytes of each field.
  package let scaleFields: [(offset: Int, size: Int)]
  /// What each code stands for.
  package let values: [Float]
  /// Writes the codes of a block, in the order of its elements.
  package let codes: @Sendable (_ block: UnsafeRawPointer, _ codes: UnsafeMutablePointer<UInt8>) -> Void
  /// Scale and offset of a block's group.
  package let scale: @Sendable (_ block: UnsafeRawPointer, _ group: Int) -> (scale: Float, offset: Float?)

  /// Writes the block's elements.
  package func decode(_ block: UnsafeRawPointer, into target: UnsafeMutablePointer<Float>) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: elementCount) { buffer in
      guard let codes = buffer.baseAddress else { return }
      self.codes(block, codes)
      values.withUnsafeBufferPointer { values in
        for start in stride(from: 0, to: elementCount, by: groupCount) {
          let (scale, offset) = scale(block, start / groupCount)
          for i in start..<start + groupCount {
            let product = scale * values[Int(codes[i])]
            target[i] = offset.map { product + $0 } ?? product
          }
        }
      }
    }
  }
}

extension ElementFormat {
  /// How blocks of this format are read; nil where elements stand alone.
  package var block: BlockFormat? {
    switch self {
    case .q80: .q80
    case .q40: .q40
    case .q41: .q41
    case .q50: .q50
    case .q51: .q51
    case .q4K: .q4K
    case .q5K: .q5K
    case .q6K: .q6K
    case .iq4NL: .iq4NL
    case .iq4XS: .iq4XS
    case .mxfp4: .mxfp4
    default: nil
    }
  }
}

extension UnsafeRawPointer {
  /// The byte at `offset`.
  func byte(_ offset: Int) -> UInt8 { load(fromByteOffset: offset, as: UInt8.self) }

  /// The little-endian binary16 at `offset`, widened.
  func half(_ offset: Int) -> Float {
    Float(Float16(bitPattern: UInt16(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self))))
  }
}

extension UnsafeMutablePointer<UInt8> {
  /// Codes from 16 bytes at `source`: the lower four bits of byte j are element j, the upper ones element j + 16.
  func writeNibbles(_ source: UnsafeRawPointer) {
    for j in 0..<16 {
      self[j] = source.byte(j) & 15
      self[j + 16] = source.byte(j) >> 4
    }
  }

  /// Adds 16 to each of 32 codes whose bit of the word at `source` is set.
  func addFifthBits(_ source: UnsafeRawPointer) {
    for j in 0..<32 { self[j] |= (source.byte(j / 8) >> UInt8(j % 8) & 1) << 4 }
  }
}
