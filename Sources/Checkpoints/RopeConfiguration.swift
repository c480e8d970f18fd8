/// The rotary position embedding that `config.json` describes.
///
/// Frequency `i` of a head of `d` elements is `theta^(−2i/d)` (Su et al., RoFormer, 2021).
package struct RopeConfiguration: Sendable, Equatable {
  /// The base of the frequencies; above 0.
  package let theta: Double

  /// Reads the older fields (`rope_theta`, `rope_scaling`) and the newer ones (`rope_parameters`).
  ///
  /// Throws if no base is given, or if the positions are scaled or only a part of each head is rotated.
  package init(_ configuration: JSONObject) throws(CheckpointError) {
    var found: Double?
    try Self.checkFactor(configuration)
    for key in ["rope_parameters", "rope_scaling"] {
      guard let parameters = try configuration.object(key) else { continue }
      try Self.checkType(parameters)
      try Self.checkFactor(parameters)
      found = try Self.theta(parameters, like: found)
    }
    found = try Self.theta(configuration, like: found)
    guard let found else {
      throw configuration.error("rope_theta", expected: "a number, or one in rope_parameters.rope_theta")
    }
    theta = found
  }

  private static func checkType(_ parameters: JSONObject) throws(CheckpointError) {
    var known = false
    for key in ["rope_type", "type"] {
      guard let type = try parameters.optionalString(key) else { continue }
      if type != "default" { throw parameters.error(key, expected: "\"default\": no other kind is supported") }
      known = true
    }
    // A factor without a kind would be ignored in silence.
    if !known, parameters.has("factor") {
      throw parameters.error("rope_type", expected: "a kind that the factor is of")
    }
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
