import Foundation

/// One machine, as far as a cost model knows it. Rates are of one device; `devices` of them share the work of every layer
/// (tensor parallelism).
package struct HardwareProfile: Sendable, Equatable, Codable {
  package var name: String
  package var devices: Int
  /// Bytes of one device's memory.
  package var memoryCapacity: Double
  /// Bytes a second, as the data sheet has it.
  package var memoryBandwidth: Double
  /// The share of it that dense reads reach.
  package var denseReadEfficiency: Double
  /// The share that grouped products of experts reach while they are bound by reading weights.
  package var expertReadEfficiency: Double
  /// Operations a second in the format of the weights, as the data sheet has it; a multiply-add is two.
  package var matrixRate: Double
  /// The shares of it that dense products, grouped products of experts, and attention over prompts reach.
  package var denseMatrixEfficiency: Double
  package var expertMatrixEfficiency: Double
  package var attentionEfficiency: Double
  /// The share of the bandwidth that attention reaches while it reads the KV cache; that of dense reads unless given.
  package var attentionReadEfficiency: Double?
  /// How often a row's hidden state is read or written in a layer by what is none of these.
  package var activationPasses: Double
  /// Bytes a second from host memory to a device.
  package var linkBandwidth: Double
  /// The experts lie in host memory and come over the link whenever a layer needs them.
  package var expertsInHostMemory: Bool
  /// Bytes a second between two devices, in each direction; of no meaning for one device.
  package var interconnectBandwidth: Double
  /// Seconds that a layer takes beyond its work: launches, waiting for the other devices.
  package var layerOverhead: Double
  /// Seconds that the host takes in an iteration for each sequence, for models that `sequenceOverheads` does not name.
  package var sequenceOverhead: Double
  package var sequenceOverheads: [String: Double]?
  /// Joules for a byte read from device memory, and for an operation.
  package var energyPerByte: Double
  package var energyPerOperation: Double
  /// Watts of one device that waits, and of one that works, beyond bytes and operations.
  package var idlePower: Double
  package var busyPower: Double
  /// Where each number is from, by field.
  package var sources: [String: String]

  /// One device about which nothing is known but this: it reaches all of its rates, and energies are not known.
  package init(
    name: String, memoryCapacity: Double, linkBandwidth: Double, sequenceOverhead: Double
  ) {
    self.name = name
    devices = 1
    self.memoryCapacity = memoryCapacity
    memoryBandwidth = linkBandwidth
    (denseReadEfficiency, expertReadEfficiency) = (1, 1)
    matrixRate = 1e9
    (denseMatrixEfficiency, expertMatrixEfficiency, attentionEfficiency) = (1, 1, 1)
    activationPasses = 0
    self.linkBandwidth = linkBandwidth
    expertsInHostMemory = false
    interconnectBandwidth = linkBandwidth
    layerOverhead = 0
    self.sequenceOverhead = sequenceOverhead
    (energyPerByte, energyPerOperation, idlePower, busyPower) = (0, 0, 0, 0)
    sources = [:]
  }

  /// Writes the profile as JSON, which `init(named:)` reads again.
  /// - Throws: `SimulationError` naming the file.
  package func write(to path: String) throws(SimulationError) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      try encoder.encode(self).write(to: URL(fileURLWithPath: path))
    } catch {
      throw SimulationError("\(path): cannot be written: \(error.localizedDescription)")
    }
  }

  /// The profiles that come with the program, by name.
  package static var names: [String] { builtIn.map(\.name) }

  private static var builtIn: [HardwareProfile] {
    let files = [PackageResources.h100_json, PackageResources.h100x2_json, PackageResources.rtx3060_json]
    return files.compactMap { try? JSONDecoder().decode(HardwareProfile.self, from: Data($0)) }
  }

  /// The profile of this name, or in the JSON file at this path.
  /// - Throws: `SimulationError` that lists the known ones, or names the file and the field that is wrong.
  package init(named name: String) throws(SimulationError) {
    if let known = Self.builtIn.first(where: { $0.name == name }) {
      self = known
      return
    }
    guard FileManager.default.fileExists(atPath: name) else {
      throw SimulationError(
        "profile \"\(name)\" is not known, expected one of \(Self.names.joined(separator: ", ")), or a JSON file")
    }
    self = try decoded(name)
    try check(name)
  }

  /// Every number must be finite, and those that are divided by above 0.
  private func check(_ source: String) throws(SimulationError) {
    guard devices >= 1 else { throw SimulationError("\(source): field devices: found \(devices), expected 1 or more") }
    let rates = [
      ("memoryBandwidth", memoryBandwidth), ("denseReadEfficiency", denseReadEfficiency),
      ("expertReadEfficiency", expertReadEfficiency), ("matrixRate", matrixRate),
      ("denseMatrixEfficiency", denseMatrixEfficiency), ("expertMatrixEfficiency", expertMatrixEfficiency),
      ("attentionEfficiency", attentionEfficiency), ("linkBandwidth", linkBandwidth),
      ("interconnectBandwidth", interconnectBandwidth), ("memoryCapacity", memoryCapacity),
      ("attentionReadEfficiency", attentionReadEfficiency ?? 1),
    ]
    for (field, value) in rates where !(value > 0 && value.isFinite) {
      throw SimulationError("\(source): field \(field): found \(value), expected a number above 0")
    }
    let others = [
      ("activationPasses", activationPasses), ("layerOverhead", layerOverhead),
      ("sequenceOverhead", sequenceOverhead), ("energyPerByte", energyPerByte),
      ("energyPerOperation", energyPerOperation), ("idlePower", idlePower), ("busyPower", busyPower),
    ]
    let overheads = (sequenceOverheads ?? [:]).sorted { $0.key < $1.key }.map { ("sequenceOverheads.\($0)", $1) }
    for (field, value) in others + overheads where !(value >= 0 && value.isFinite) {
      throw SimulationError("\(source): field \(field): found \(value), expected a number of at least 0")
    }
  }
}

/// A simulation that cannot be run; the text names the option, file or field, and what was expected.
package struct SimulationError: Error, CustomStringConvertible, Sendable, Equatable {
  package let description: String

  package init(_ description: String) { self.description = description }
}

/// The JSON file's value.
/// - Throws: `SimulationError` naming the file, and the field that is wrong.
func decoded<Value: Decodable>(_ path: String) throws(SimulationError) -> Value {
  guard let data = FileManager.default.contents(atPath: path) else {
    throw SimulationError("\(path): cannot be read")
  }
  do {
    return try JSONDecoder().decode(Value.self, from: data)
  } catch let error as DecodingError {
    throw SimulationError("\(path): \(error.explanation)")
  } catch {
    throw SimulationError("\(path): \(error)")
  }
}

extension DecodingError {
  /// The field, and what is wrong with it, in words.
  fileprivate var explanation: String {
    func place(_ context: Context) -> String {
      context.codingPath.isEmpty
        ? "the whole" : "field \(context.codingPath.map(\.stringValue).joined(separator: "."))"
    }
    return switch self {
    case .keyNotFound(let key, _): "field \(key.stringValue): it is missing"
    case .typeMismatch(let type, let context): "\(place(context)): expected \(type)"
    case .valueNotFound(let type, let context): "\(place(context)): found null, expected \(type)"
    case .dataCorrupted(let context) where !context.codingPath.isEmpty:
      "\(place(context)): \(context.debugDescription)"
    case .dataCorrupted(let context):
      "not valid JSON: \(context.underlyingError.map { "\($0)" } ?? context.debugDescription)"
    @unknown default: "\(self)"
    }
  }
}
