extension UnsafeBufferPointer<Float> {
  private typealias Lanes = SIMD16<Float>

  /// Where the largest logit is, of equal ones the first; nil if none is a number.
  func largest() -> (index: Int, logit: Float)? {
    var lanes = Lanes(repeating: -.infinity)
    let whole = count - count % Lanes.scalarCount
    for start in stride(from: 0, to: whole, by: Lanes.scalarCount) {
      let values = self.lanes(start)
      lanes.replace(with: values, where: values .> lanes)
    }
    var largest = lanes.max()
    for index in whole..<count where self[index] > largest { largest = self[index] }
    return firstIndex { $0 == largest }.map { ($0, self[$0]) }
  }

  /// Gives each logit above a bound, in their order.
  /// - Parameter body: gives the bound for those that follow.
  func forEach(above bound: Float, _ body: (_ index: Int, _ logit: Float) -> Float) {
    var bound = bound
    let whole = count - count % Lanes.scalarCount
    for start in stride(from: 0, to: whole, by: Lanes.scalarCount) where any(lanes(start) .> bound) {
      for index in start..<start + Lanes.scalarCount where self[index] > bound { bound = body(index, self[index]) }
    }
    for index in whole..<count where self[index] > bound { bound = body(index, self[index]) }
  }

  private func lanes(_ start: Int) -> Lanes {
    UnsafeRawPointer(baseAddress.unsafelyUnwrapped + start).loadUnaligned(as: Lanes.self)
  }

  /// Four logits from `start` on; NaN behind the last.
  func four(_ start: Int) -> SIMD4<Float> {
    guard start + 4 > count else {
      return UnsafeRawPointer(baseAddress.unsafelyUnwrapped + start).loadUnaligned(as: SIMD4<Float>.self)
    }
    var values = SIMD4(repeating: Float.nan)
    for lane in 0..<count - start { values[lane] = self[start + lane] }
    return values
  }
}
