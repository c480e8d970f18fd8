/// The rotary position embedding that `config.json` describes.
///
/// Frequency `i` of a head of `d` elements is `theta^(−2i/d)` (Su et al., RoFormer, 2021).
package struct RopeConfiguration: Sendable, Equatable {
  /// The base of the frequencies; above 0.
  package let theta: Double
  package var scaling: RopeScaling

  /// Reads the older fields (`rope_theta`, `rope_scaling`) and the newer ones (`rope_parameters`).
  ///
  /// - Parameter defaultTheta: the base where none is given; nil where one has to be.
  /// - Throws: `CheckpointError` if no base is given, for a scaling that is not known or not whole, and if only a part of each
  ///   head is rotated.
  package init(_ configuration: JSONObject, defaultTheta: Double? = nil) throws(CheckpointError) {
    var found: Double?
    var scaling = RopeScaling.none
    try Self.checkFactor(configuration)
    for key in ["rope_parameters", "rope_scaling"] {
      guard let parameters = try configuration.object(key) else { continue }
      let scalingHere = try RopeScaling(parameters, of: configuration)
      if scalingHere != .none { scaling = scalingHere }
      try Self.checkFactor(parameters)
      found = try Self.theta(parameters, like: found)
    }
    found = try Self.theta(configuration, like: found)
    guard let found = found ?? defaultTheta else {
      throw configuration.error("rope_theta", expected: "a number, or one in rope_parameters.rope_theta")
    }
    theta = found
    self.scaling = scaling
  }

  private static func checkFactor(_ object: JSONObject) throws(CheckpointError) {
    let key = "partial_rotary_factor"
    if let factor = try object.optionalDouble(key), factor != 1 {
      throw object.error(key, expected: "1: partly rotated heads are not supported")
    }
  }

  /// The base in `object`, or else `other`; where both are given they must be equal.
  private static func theta(_ object: JSONObject, like other: Double?) throws(CheckpointError) -> Double? {
    let key = "rope_theta"
    guard let theta = try object.optionalDouble(key) else { return other }
    if theta <= 0 { throw object.error(key, expected: "a number above 0") }
    if let other, theta != other { throw object.error(key, expected: "\(other), as elsewhere in the file") }
    return theta
  }
}
