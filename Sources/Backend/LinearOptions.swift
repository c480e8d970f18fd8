/// What a linear layer does besides the product.
package struct LinearOptions<Vector> {
  /// [rows of the weight], added to the product; nil for none.
  package var bias: Vector?
  /// Multiplies product and bias.
  package var scale: Float
  /// The column of the output that the first feature goes to.
  package var column: Int
  /// The result is added to what the output holds.
  package var accumulate: Bool

  package init(bias: Vector? = nil, scale: Float = 1, column: Int = 0, accumulate: Bool = false) {
    self.bias = bias
    self.scale = scale
    self.column = column
    self.accumulate = accumulate
  }
}
