import Engine
import Foundation

/// Counts the energy of the machine's CPU packages, where Linux tells it (powercap, RAPL) and this process may read it.
package struct PowerMeter: Sendable {
  /// One package's counter, which begins anew behind `range`.
  private struct Zone {
    var file: String
    var range: UInt64
  }

  private let zones: [Zone]

  /// - Parameter folder: where the zones `intel-rapl:N` lie; nil is returned if there is none that can be read.
  package init?(folder: String = "/sys/class/powercap") {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    zones = names.sorted().compactMap { name in
      // Packages; `intel-rapl:0:0` is a part of one.
      guard name.wholeMatch(of: /intel-rapl:[0-9]+/) != nil else { return nil }
      let file = "\(folder)/\(name)/energy_uj"
      guard Self.number(file) != nil else { return nil }
      return Zone(file: file, range: Self.number("\(folder)/\(name)/max_energy_range_uj") ?? 0)
    }
    guard !zones.isEmpty else { return nil }
  }

  /// Joules of all packages while `body` runs.
  package func joules<R>(_ body: () throws -> R) rethrows -> (result: R, joules: Double) {
    let before = counters
    let result = try body()
    return (result, joules(since: before))
  }

  /// What the counters show, in microjoules.
  var counters: [UInt64] { zones.map { Self.number($0.file) ?? 0 } }

  /// Joules of all packages since the counters showed `before`.
  func joules(since before: [UInt64]) -> Double {
    let microjoules = zip(zones, before).map { zone, before in
      let after = Self.number(zone.file) ?? before
      return after >= before ? after - before : after &+ zone.range &- before
    }
    return Double(microjoules.reduce(0, &+)) * 1e-6
  }

  /// Watts while nothing is done, for so many seconds.
  package func idlePower(seconds: Double) -> Double {
    let clock = ContinuousClock.now
    let (_, joules) = joules { Thread.sleep(forTimeInterval: seconds) }
    return joules / max((ContinuousClock.now - clock).seconds, seconds)
  }

  private static func number(_ file: String) -> UInt64? {
    guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return nil }
    return UInt64(text.filter { !$0.isWhitespace })
  }
}
