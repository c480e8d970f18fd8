/// `bytes` with a binary unit, for a person: `17.6 MiB`.
package func readable(_ bytes: Int) -> String {
  let units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
  var unit = 0
  while unit < units.count - 1, abs(bytes) >> (10 * (unit + 1)) > 0 { unit += 1 }
  guard unit > 0 else { return "\(bytes) bytes" }
  return "\(fixed(Double(bytes) / Double(1 << (10 * unit)), 1)) \(units[unit])"
}

/// `value` with so many decimals.
package func fixed(_ value: Double, _ decimals: Int) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
  var scale = 1.0
  for _ in 0..<decimals { scale *= 10 }
  let rounded = Int((abs(value) * scale).rounded())
  let sign = value < 0 && rounded > 0 ? "-" : ""
  guard decimals > 0 else { return "\(sign)\(rounded)" }
  let fraction = String(rounded % Int(scale))
  return "\(sign)\(rounded / Int(scale)).\(String(repeating: "0", count: decimals - fraction.count))\(fraction)"
}

extension Duration {
  /// As a number of seconds.
  package var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
