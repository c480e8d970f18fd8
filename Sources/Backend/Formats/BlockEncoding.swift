import Foundation

/// Rounds f32 to a format. Q8_0, Q4_0 and MXFP4 round as ggml's reference does, bit for bit; Q4_K searches its scales.
package enum BlockEncoding {
  /// Formats that can be written.
  package static let formats: [ElementFormat] = [.f32, .f16, .bf16, .q80, .q40, .q4K, .mxfp4]

  /// Writes `count` elements, whole blocks, in `format`, which is one of `formats`.
  package static func encode(
    _ source: UnsafePointer<Float>, count: Int, as format: ElementFormat, to target: UnsafeMutableRawPointer
  ) {
    switch format {
    case .f16:
      for i in 0..<count { store(Float16(source[i]).bitPattern, target + i * 2) }
    case .bf16:
      for i in 0..<count { store(BFloat16.round(source[i]), target + i * 2) }
    case .f32: target.copyMemory(from: source, byteCount: count * 4)
    default:
      let (elements, bytes) = (format.blockElements, format.byteCount)
      for block in 0..<count / elements {
        encodeBlock(source + block * elements, as: format, to: target + block * bytes)
      }
    }
  }

  private static func encodeBlock(
    _ source: UnsafePointer<Float>, as format: ElementFormat, to target: UnsafeMutableRawPointer
  ) {
    switch format {
    case .q80: encodeQ80(source, to: target)
    case .q40: encodeQ40(source, to: target)
    case .mxfp4: encodeMXFP4(source, to: target)
    case .q4K: SixBitSearch.encode(source, to: target)
    default: preconditionFailure("\(format.rawValue) cannot be written")
    }
  }

  /// The largest magnitude takes code ±127.
  private static func encodeQ80(_ x: UnsafePointer<Float>, to target: UnsafeMutableRawPointer) {
    let scale = (0..<32).reduce(Float(0)) { max($0, abs(x[$1])) } / 127
    let inverse = scale == 0 ? 0 : 1 / scale
    store(Float16(scale).bitPattern, target)
    for i in 0..<32 {
      let code = (x[i] * inverse).rounded(.toNearestOrAwayFromZero)
      store(Int8(clamping: code.isNaN ? 0 : Int(max(-128, min(127, code)))), target + 2 + i)
    }
  }

  /// The element of the largest magnitude, the first of several, takes code 0, which stands for −8.
  private static func encodeQ40(_ x: UnsafePointer<Float>, to target: UnsafeMutableRawPointer) {
    var largest: Float = 0
    for i in 0..<32 where abs(x[i]) > abs(largest) { largest = x[i] }
    let scale = largest / -8
    let inverse = scale == 0 ? 0 : 1 / scale
    store(Float16(scale).bitPattern, target)
    storeNibbles(target + 2) { i in
      let code = x[i] * inverse + 8.5
      return code.isNaN ? 0 : UInt8(max(0, min(15, code)))
    }
  }

  /// The power of two that lets the largest magnitude be one of 4 to 7.99 of them; each element the nearest number, of
  /// equally near ones that of the lower code.
  private static func encodeMXFP4(_ x: UnsafePointer<Float>, to target: UnsafeMutableRawPointer) {
    let largest = (0..<32).reduce(Float(0)) { max($0, abs(x[$1])) }
    let power = largest > 0 ? max(-127, min(127, floor(log2(largest)) - 2)) : -127
    let exponent = power.isNaN ? 0 : Int(power) + 127
    store(UInt8(exponent), target)
    let (scale, _) = BlockFormat.mxfp4.scale(UnsafeRawPointer(target), 0)
    let values = BlockFormat.mxfp4.values.map { $0 * scale }
    storeNibbles(target + 1) { i in
      var best = 0
      for code in 1..<16 where abs(values[code] - x[i]) < abs(values[best] - x[i]) { best = code }
      return UInt8(best)
    }
  }

  /// Sixteen bytes of codes: element j below, element j + 16 above.
  static func storeNibbles(_ target: UnsafeMutableRawPointer, _ code: (Int) -> UInt8) {
    for j in 0..<16 { store(code(j) | code(j + 16) << 4, target + j) }
  }

  static func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, _ target: UnsafeMutableRawPointer) {
    target.storeBytes(of: value.littleEndian, as: T.self)
  }
}
