import Engine
package import OpenCL
import OpenCLBackend
package import Simulation

/// How fast a device reads experts' weights, by the number of rows that share a read.
package struct ExpertLoadProfile: Sendable, Encodable {
  package var device: String
  package var model: String
  /// Experts of a layer, those that a row meets, and bytes of one.
  package var experts: Int
  package var chosenExperts: Int
  package var expertBytes: Double
  /// Layers of weights that were made for it; they pass in turn.
  package var layers: Int
  /// Where the choices of experts come from.
  package var choices: String
  package var loads: [ExpertLoad]

  /// Of all loads together: what events add up to, over what the host's clock says of the same launches.
  package var eventsOverWall: Double {
    loads.reduce(0) { $0 + $1.eventSeconds } / loads.reduce(0) { $0 + $1.wallSeconds }
  }

  package static let batchSizes = (0...13).map { 1 << $0 }

  package init(
    device: String, model: String, experts: Int, chosenExperts: Int, expertBytes: Double, layers: Int, choices: String,
    loads: [ExpertLoad]
  ) {
    self.device = device
    self.model = model
    self.experts = experts
    self.chosenExperts = chosenExperts
    self.expertBytes = expertBytes
    self.layers = layers
    self.choices = choices
    self.loads = loads
  }

  /// - Parameter rows: of the text, if there is one.
  /// - Throws: `ProfilingError` for a batch that is empty or longer than the text.
  package static func check(_ batchSizes: [Int], rows: Int?) throws(ProfilingError) {
    for batch in batchSizes where batch < 1 {
      throw ProfilingError("batch-sizes has \(batch), expected numbers of 1 or more")
    }
    if let rows, let most = batchSizes.max(), most > rows {
      throw ProfilingError("batch-sizes has \(most), but the text has \(rows) tokens, expected at most as many")
    }
  }

  /// Measures.
  ///
  /// - Parameters:
  ///   - choices: for each of some layers the experts [rows, chosen] of consecutive tokens of a text, or nil for a log-normal
  ///     popularity.
  ///   - progress: told what is done next.
  /// - Throws: `ProfilingError` for a batch that is empty, longer than the text, or too large for the device.
  package init(
    of device: Device, model: ModelShape, batchSizes: [Int] = Self.batchSizes, choices: ExpertChoices? = nil,
    ceilings: DeviceCeilings, cache: ProgramCache = ProgramCache(), progress: (String) -> Void = { _ in }
  ) throws {
    guard let bandwidth = ceilings[.memoryRead]?.best, let rate = ceilings[.multiplyBF16]?.best else {
      throw ProfilingError("device \"\(device.name)\": its ceilings could not be measured")
    }
    try Self.check(batchSizes, rows: choices?.rows)
    progress("making experts of \(model.name)")
    let backend = try OpenCLBackend(device, cache: cache, profiling: true)
    let bench = try ExpertBench(backend, model: model)
    self.device = device.name
    self.model = model.name
    experts = model.experts
    chosenExperts = model.chosenExperts
    expertBytes = model.expertBytes
    layers = bench.layers.count
    self.choices = choices?.source ?? "log-normal popularity, as in a prompt"
    loads = try batchSizes.map { batch in
      progress("measuring a batch of \(batch)")
      let found = try bench.measure(batch: batch, choices: choices)
      return ExpertLoad(
        batch: batch, expertsTouched: found.expertsTouched, expertBytes: model.expertBytes,
        operations: 2 * Double(batch * model.chosenExperts) * model.expertElements, eventSeconds: found.eventSeconds,
        wallSeconds: found.wallSeconds, bandwidth: bandwidth, rate: rate)
    }
  }
}
