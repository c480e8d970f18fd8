import Foundation

/// What Linux tells of the CPU of this machine; nothing elsewhere.
package enum CPUFlags {
  /// The instructions that it has, by their flags.
  package static let all = Set((value(of: "flags") ?? "").split(whereSeparator: { $0.isWhitespace }).map(String.init))

  /// Who made it, and which of their designs it is, such as "AuthenticAMD 26.2"; nil where Linux does not tell.
  package static let model: String? = {
    guard let vendor = value(of: "vendor_id"), let family = value(of: "cpu family"), let model = value(of: "model")
    else { return nil }
    return "\(vendor) \(family).\(model)"
  }()

  /// What the line of this name says.
  private static func value(of name: String) -> String? { lines.first { $0.name == name }?.value }

  /// The first processor's lines.
  private static let lines: [(name: String, value: String)] = {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return [] }
    // A blank line ends the first of perhaps hundreds.
    let first = text[..<(text.firstRange(of: "\n\n")?.lowerBound ?? text.endIndex)]
    return first.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
      return parts.count == 2 ? (parts[0], parts[1]) : nil
    }
  }()
}
