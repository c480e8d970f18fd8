/// Fits of few coefficients that are not negative, by least squares of relative errors.
enum LeastSquares {
  /// One observation: what the coefficients are multiplied by, what comes out, and what an error is measured by.
  struct Point {
    var a: Double
    var b: Double
    var value: Double
    var scale: Double
  }

  /// x and y ≥ 0 that minimise Σ ((a x + b y − value) / scale)².
  static func fit(_ points: [Point]) -> (x: Double, y: Double) {
    var (aa, ab, bb, av, bv) = (0.0, 0.0, 0.0, 0.0, 0.0)
    for p in points where p.scale > 0 {
      let weight = 1 / (p.scale * p.scale)
      aa += weight * p.a * p.a
      ab += weight * p.a * p.b
      bb += weight * p.b * p.b
      av += weight * p.a * p.value
      bv += weight * p.b * p.value
    }
    let determinant = aa * bb - ab * ab
    // Nearly parallel columns tell nothing about the second coefficient.
    if determinant > 1e-12 * aa * bb {
      let x = (av * bb - bv * ab) / determinant
      let y = (bv * aa - av * ab) / determinant
      if x >= 0, y >= 0 { return (x, y) }
    }
    // On the border one of them is 0; the better of the two.
    let onlyX = aa > 0 ? max(0, av / aa) : 0
    let onlyY = bb > 0 ? max(0, bv / bb) : 0
    func error(_ x: Double, _ y: Double) -> Double {
      points.reduce(0) { sum, p in
        let error = p.scale > 0 ? (p.a * x + p.b * y - p.value) / p.scale : 0
        return sum + error * error
      }
    }
    return error(onlyX, 0) <= error(0, onlyY) ? (onlyX, 0) : (0, onlyY)
  }
}
