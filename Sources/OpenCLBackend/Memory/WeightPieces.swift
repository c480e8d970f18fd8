import Backend

extension ElementFormat {
  /// bf16 numbers that a weight is cut into for matrix units (`Kernels/Common/fragments.clh`): 24 bits of an f32, or 11 of an
  /// f16, are 8 in each.
  var matrixPieces: Int {
    switch self {
    case .f32: 3
    case .f16: 2
    default: 1
    }
  }
}

extension Float {
  /// Cuts the upper 8 bits of the significand off, as a bf16 number, and leaves the rest times 2⁸, with the same sign.
  ///
  /// So value = Σ 2⁻⁸ᵖ · piece p over three pieces, exactly, for every finite value; one that is not finite leaves zero.
  mutating func cutPiece() -> UInt16 {
    guard isFinite else {
      defer { self = 0 }
      return BFloat16.round(self)
    }
    let piece = UInt16(truncatingIfNeeded: bitPattern >> 16)
    self = Float(signOf: self, magnitudeOf: (self - BFloat16.widen(piece)) * 0x1p8)
    return piece
  }
}
