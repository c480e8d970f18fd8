/// Q4_K: eight groups of 32, each with a scale and a minimum, whose 6-bit values share an f16 each.
///
/// For each group a line through the elements is sought that makes the weighted squared error small, where larger elements
/// weigh more: for several ranges of codes the elements are rounded, then scale and minimum are fitted to these codes by
/// weighted least squares, and the best pair is kept. The pairs are rounded to 6 bits, and the codes chosen anew.
enum SixBitSearch {
  /// x ≈ scale · code − minimum, both not negative.
  private struct Line {
    var scale: Float = 0
    var minimum: Float = 0
  }

  private static let groups = 8
  private static let size = 32
  private static let mostCode: Float = 15
  private static let mostSixBits: Float = 63
  /// How much wider or narrower than the elements the range of codes is tried, in codes.
  private static let stretches = stride(from: Float(-1), through: 1, by: 0.1).map(\.self)

  static func encode(_ x: UnsafePointer<Float>, to target: UnsafeMutableRawPointer) {
    let lines = (0..<groups).map { fit(x + $0 * size) }
    let scale = Float16((lines.map(\.scale).max() ?? 0) / mostSixBits)
    let minimum = Float16((lines.map(\.minimum).max() ?? 0) / mostSixBits)
    func sixBits(_ value: Float, _ unit: Float16) -> UInt8 {
      unit > 0 ? UInt8(min(mostSixBits, (value / Float(unit)).rounded())) : 0
    }
    let scales = lines.map { sixBits($0.scale, scale) }
    let minima = lines.map { sixBits($0.minimum, minimum) }
    BlockEncoding.store(scale.bitPattern, target)
    BlockEncoding.store(minimum.bitPattern, target + 2)
    storeSixBits(scales, minima, target + 4)
    let codes = (0..<groups).flatMap { group -> [UInt8] in
      let line = Line(scale: Float(scale) * Float(scales[group]), minimum: Float(minimum) * Float(minima[group]))
      return (0..<size).map { code(x[group * size + $0], line) }
    }
    for pair in 0..<groups / 2 {
      for j in 0..<size {
        BlockEncoding.store(
          codes[pair * 64 + j] | codes[pair * 64 + size + j] << 4, target + 16 + pair * size + j)
      }
    }
  }

  private static func code(_ x: Float, _ line: Line) -> UInt8 {
    guard line.scale > 0 else { return 0 }
    let code = ((x + line.minimum) / line.scale).rounded()
    return code.isNaN ? 0 : UInt8(max(0, min(mostCode, code)))
  }

  private static func fit(_ x: UnsafePointer<Float>) -> Line {
    let least = min(0, (0..<size).reduce(x[0]) { min($0, x[$1]) })
    let most = (0..<size).reduce(x[0]) { max($0, x[$1]) }
    guard most > least, (most - least).isFinite else { return Line(scale: 0, minimum: least.isFinite ? -least : 0) }
    let meanSquare = (0..<size).reduce(Float(0)) { $0 + x[$1] * x[$1] } / Float(size)
    let weights = (0..<size).map { meanSquare.squareRoot() + abs(x[$0]) }
    var best = Line(scale: (most - least) / mostCode, minimum: -least)
    var bestError = error(x, weights, best)
    for stretch in stretches {
      let trial = Line(scale: (most - least) / (mostCode + stretch), minimum: -least)
      let fitted = leastSquares(x, weights, (0..<size).map { Float(code(x[$0], trial)) }) ?? trial
      let fittedError = error(x, weights, fitted)
      if fittedError < bestError { (best, bestError) = (fitted, fittedError) }
    }
    return best
  }

  /// The line that is nearest to the elements with these codes; nil if the codes do not tell one.
  private static func leastSquares(_ x: UnsafePointer<Float>, _ weights: [Float], _ codes: [Float]) -> Line? {
    var (w, wc, wcc, wx, wcx) = (Float(0), Float(0), Float(0), Float(0), Float(0))
    for i in 0..<size {
      w += weights[i]
      wc += weights[i] * codes[i]
      wcc += weights[i] * codes[i] * codes[i]
      wx += weights[i] * x[i]
      wcx += weights[i] * codes[i] * x[i]
    }
    let determinant = w * wcc - wc * wc
    guard determinant > 0 else { return nil }
    let line = Line(scale: (w * wcx - wc * wx) / determinant, minimum: (wc * wcx - wcc * wx) / determinant)
    guard line.minimum < 0 else { return line.scale > 0 ? line : nil }
    return wcc > 0 && wcx > 0 ? Line(scale: wcx / wcc, minimum: 0) : nil
  }

  private static func error(_ x: UnsafePointer<Float>, _ weights: [Float], _ line: Line) -> Float {
    (0..<size).reduce(Float(0)) { sum, i in
      let difference = line.scale * Float(code(x[i], line)) - line.minimum - x[i]
      return sum + weights[i] * difference * difference
    }
  }

  /// Twelve bytes: groups 0 … 3 in the lower six bits of bytes g and g + 4; of the others four bits each in byte g + 4, and
  /// two above those of groups g − 4.
  private static func storeSixBits(_ scales: [UInt8], _ minima: [UInt8], _ target: UnsafeMutableRawPointer) {
    for g in 0..<4 {
      BlockEncoding.store(scales[g] | (scales[g + 4] >> 4) << 6, target + g)
      BlockEncoding.store(minima[g] | (minima[g + 4] >> 4) << 6, target + 4 + g)
      BlockEncoding.store(scales[g + 4] & 15 | (minima[g + 4] & 15) << 4, target + 8 + g)
    }
  }
}
