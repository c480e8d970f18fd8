package import Backend
package import Foundation
package import OpenCL

/// What was measured of one device, as files and the database in the repository hold it.
package struct TunedDevice: Sendable, Equatable, Codable {
  package struct Entry: Sendable, Equatable, Codable {
    package var op: Tuning.Op
    package var format: ElementFormat?
    package var rows: Tuning.Rows
    package var cut: Tuning.Cut
    /// How much less time it takes than the cut by rule takes: 1.1 is a tenth more work a second.
    package var speedup: Double

    package var key: Tuning.Key { Tuning.Key(op, format, rows) }

    package init(_ key: Tuning.Key, _ cut: Tuning.Cut, speedup: Double) {
      (op, format, rows) = (key.op, key.format, key.rows)
      self.cut = cut
      self.speedup = speedup
    }
  }

  package var device: String
  /// Of CPUs, whose drivers call many by one name: as `CPUFlags.model` has it.
  package var cpu: String?
  package var units: Int
  package var style: KernelStyle
  package var driver: String
  package var entries: [Entry]

  package init(_ device: Device, _ style: KernelStyle) {
    self.device = device.name
    cpu = device.kind == .cpu ? CPUFlags.model : nil
    units = device.computeUnits
    self.style = style
    driver = device.driverVersion
    entries = []
  }

  package func matches(_ device: Device, _ style: KernelStyle) -> Bool {
    let own = TunedDevice(device, style)
    return self.device == own.device && cpu == own.cpu && units == own.units && self.style == style
  }

  package var tuning: Tuning {
    Tuning(Dictionary(entries.map { ($0.key, $0.cut) }) { _, last in last })
  }
}

extension TunedDevice {
  /// What is known of a device: what was measured here, else what the repository ships; nil for an unknown device.
  package static func known(_ device: Device, _ style: KernelStyle, folder: String? = defaultFolder) -> TunedDevice? {
    saved(device, style, folder: folder) ?? shipped.first { $0.matches(device, style) }
  }

  /// What `strata tune` has saved for a device. A file that cannot be read counts as none, as with other caches.
  package static func saved(_ device: Device, _ style: KernelStyle, folder: String? = defaultFolder) -> TunedDevice? {
    guard let path = path(device, style, folder: folder),
      let data = FileManager.default.contents(atPath: path),
      let found = try? JSONDecoder().decode(TunedDevice.self, from: data), found.isSound,
      found.matches(device, style)
    else { return nil }
    return found
  }

  /// Replaces the device's file by a rename.
  /// - Throws: what Foundation says if the folder cannot be written.
  package func save(_ device: Device, folder: String) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let path = Self.path(device, style, folder: folder) ?? folder
    try encoded.write(to: URL(fileURLWithPath: path), options: .atomic)
  }

  package var encoded: Data {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
      return try encoder.encode(self)
    }
  }

  /// The tuned devices of the repository.
  package static let shipped: [TunedDevice] =
    (try? JSONDecoder().decode([TunedDevice].self, from: Data(PackageResources.devices_json))) ?? []

  /// Beside the cache of programs: `tuning` in `STRATA_CACHE_DIR`, else `$XDG_CACHE_HOME/strata/tuning`, else
  /// `~/.cache/strata/tuning`.
  package static var defaultFolder: String? {
    guard let programs = ProgramCache.defaultFolder else { return nil }
    let isOurs = programs.hasSuffix("/strata/programs")
    return (isOurs ? String(programs.dropLast("/programs".count)) : programs) + "/tuning"
  }

  private static func path(_ device: Device, _ style: KernelStyle, folder: String?) -> String? {
    let name = device.name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
    return folder.map { "\($0)/\(String(name))-\(device.computeUnits)-\(style).json" }
  }

  /// A file may hold anything: numbers that no search tries would not be safe.
  private var isSound: Bool {
    entries.allSatisfy { entry in
      let cut = entry.cut
      let limits: [(Int?, ClosedRange<Int>)] = [
        (cut.itemsPerUnit, 1...64), (cut.itemRows, 8...4096), (cut.tileM, 1...8), (cut.tileN, 1...8),
        (cut.blockK, 8...64), (cut.fetchBytes == 0 ? nil : cut.fetchBytes, 1024...65536),
      ]
      return limits.allSatisfy { value, range in value.map { range.contains($0) && $0.nonzeroBitCount == 1 } ?? true }
    }
  }
}

extension DevicePlan {
  /// As the device's properties suggest, with what was tuned for it.
  /// - Parameter style: forces a family of kernels.
  package static func tuned(_ device: Device, style: KernelStyle? = nil) -> DevicePlan {
    var plan = DevicePlan(device, style: style)
    plan.tuning = TunedDevice.known(device, plan.style)?.tuning ?? Tuning()
    return plan
  }
}
