import ArgumentParser
import Backend
import Engine
import Foundation
import Models

extension ExpertRetention: ExpressibleByArgument {}

/// How much of the device's memory is used, and where experts lie that it has no room for.
struct MemoryOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: """
      Device memory that everything together may take: 6GiB, 500MB, or a share of what the device has: 50%. Experts that \
      do not fit stay in host memory, and are copied when they are needed. Default: 90%.
      """)
  var deviceMemory: String?

  @Option(
    parsing: .unconditional,
    help: """
      Host memory for experts that the device has no room for, in its layout; others are read from the checkpoint each \
      time. Default: half of what is available.
      """)
  var hostMemory: String?

  @Option(
    name: .customLong("n-cpu-moe"), parsing: .unconditional,
    help: "Keep the experts of the first N layers in host memory.")
  var hostLayers: Int?

  @Flag(name: .customLong("cpu-moe"), help: "Keep the experts of all layers in host memory.")
  var allHostLayers = false

  @Option(
    help: """
      Which experts stay on the device: \(ExpertRetention.allCases.map(\.rawValue).joined(separator: ", ")). Default: auto, \
      by what has hit more often, frequency or recency.
      """)
  var expertCache: ExpertRetention?

  @Flag(help: "Copy experts only when their layer is reached.")
  var noPrefetch = false

  @Option(
    parsing: .unconditional, help: "Slow copies of experts down to so many bytes a second: 2GB/s. To try a slower link."
  )
  var linkBandwidth: String?

  @Option(help: "JSON file with the experts' popularity, as `strata profile` saves it: those stay that are used most.")
  var popularity: String?

  /// The options that were given, by name.
  private var given: [String] {
    [
      deviceMemory.map { _ in "device-memory" }, hostMemory.map { _ in "host-memory" },
      hostLayers.map { _ in "n-cpu-moe" },
      allHostLayers ? "cpu-moe" : nil, expertCache.map { _ in "expert-cache" }, noPrefetch ? "no-prefetch" : nil,
      linkBandwidth.map { _ in "link-bandwidth" }, popularity.map { _ in "popularity" },
    ].compactMap(\.self)
  }

  /// How these options set an engine up on `device`.
  /// - Throws: `EngineError` naming the option whose value is not valid, or that has no meaning on this device.
  func settings(
    _ device: DeviceSelection, _ model: ModelDescription
  ) throws(EngineError) -> (memory: DeviceMemory, experts: ExpertMemory) {
    if case .reference = device, let first = given.first {
      throw EngineError("\(first) has no meaning on the reference, which reads weights where they are")
    }
    var experts = ExpertMemory(
      prefetches: !noPrefetch, retention: expertCache ?? .auto,
      linkBandwidth: try linkBandwidth.map { text throws(EngineError) in try Self.bandwidth(text) })
    experts.hostBytes = try hostMemory.map { text throws(EngineError) in try Self.bytes(text, "host-memory") }
    if let hostLayers {
      guard !allHostLayers, (0...model.layerCount).contains(hostLayers) else {
        throw EngineError(
          allHostLayers
            ? "n-cpu-moe and cpu-moe are both given, expected one of them"
            : "n-cpu-moe is \(hostLayers), expected 0 to \(model.layerCount), the model's layers")
      }
      experts.hostLayers = hostLayers
    }
    if allHostLayers { experts.hostLayers = model.layerCount }
    experts.popularity = try popularity.map { path throws(EngineError) in
      try Popularity(file: path, model: model).shares(chosen: model.chosenExperts)
    }
    return (try Self.memory(deviceMemory), experts)
  }

  private static func memory(_ text: String?) throws(EngineError) -> DeviceMemory {
    guard let text else { return .share(0.9) }
    if text.hasSuffix("%") {
      guard let percent = Double(text.dropLast()), percent > 0, percent <= 100 else {
        throw EngineError("device-memory is \(text), expected more than 0% and at most 100%")
      }
      return .share(percent / 100)
    }
    return .bytes(try bytes(text, "device-memory"))
  }

  private static let units: [(name: String, bytes: Double)] = [
    ("KiB", 0x1p10), ("MiB", 0x1p20), ("GiB", 0x1p30), ("TiB", 0x1p40), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9),
    ("TB", 1e12),
    ("B", 1), ("", 1),
  ]

  /// The bytes that a text such as `6GiB` names.
  private static func bytes(_ text: String, _ option: String) throws(EngineError) -> Int {
    let unit = units.first { text.uppercased().hasSuffix($0.name.uppercased()) }
    let number = unit.flatMap { Double(text.dropLast($0.name.count).trimmingCharacters(in: .whitespaces)) }
    guard let unit, let number, number > 0, number * unit.bytes < 0x1p62 else {
      throw EngineError("\(option) is \(text), expected a size above 0 such as 6GiB, 500MB or 1000000")
    }
    return max(1, Int(number * unit.bytes))
  }

  private static func bandwidth(_ text: String) throws(EngineError) -> Double {
    let size = text.hasSuffix("/s") ? String(text.dropLast(2)) : text
    guard let bytes = try? bytes(size, "link-bandwidth") else {
      throw EngineError("link-bandwidth is \(text), expected bytes a second above 0 such as 2GB/s")
    }
    return Double(bytes)
  }
}
