import Engine
package import OpenCL
import OpenCLBackend
package import Simulation

/// Measures a device, and a model's layers with random weights on it, and makes a hardware profile for the simulator.
package struct Calibration: Sendable {
  package var profile: HardwareProfile
  package var fit: ProfileFit

  /// Rounds in which all loads take turns, so that what changes on the machine meets all of them.
  private static let rounds = 5
  /// Seconds that a load runs in a round, about.
  private static let loadSeconds = 0.15
  private static let decodeRows = [1, 8, 32]
  private static let promptTokens = [64, 512, 2048]
  private static let decodeContext = 512

  /// Takes some ten seconds on a small device.
  ///
  /// - Parameter progress: told what is done next.
  /// - Throws: `ProfilingError` or `OpenCLError` if the device cannot hold the layers or fails.
  package init(
    of device: Device, model: ModelShape, cache: ProgramCache = ProgramCache(),
    progress: (String) -> Void = { _ in }
  ) throws {
    let ceilings = try DeviceCeilings(of: device, cache: cache) { progress("measuring \($0)") }
    progress("making layers of \(model.name)")
    let backend = try OpenCLBackend(device, cache: cache, profiling: true)
    let prompts = Self.promptTokens.filter { $0 < model.contextLength }
    let context = min(Self.decodeContext, model.contextLength - 1)
    let bench = try LayerBench(backend, model: model, positions: max(prompts.max() ?? 0, context) + 1)
    let loads =
      try Self.decodeRows.map { try LayerLoad(bench, decodeRows: $0, context: context, promptTokens: 0) }
      + prompts.map { try LayerLoad(bench, decodeRows: 0, context: 0, promptTokens: $0) }
    // The machine's energy is the device's only if the device is its CPU.
    let meter = device.kind == .cpu ? PowerMeter() : nil
    let idlePower = meter?.idlePower(seconds: 1)
    let measure = LayerMeasurement(bench: bench, loads: loads, meter: meter)
    let layers = try measure.layers(rounds: Self.rounds, seconds: Self.loadSeconds) {
      progress("measuring layers of \(model.name), round \($0) of \(Self.rounds)")
    }
    let heads = try measure.heads(rows: [1, 8], rounds: Self.rounds)
    guard let read = ceilings[.memoryRead], let rate = ceilings[.multiplyBF16], let link = ceilings[.writePinned] else {
      throw ProfilingError("device \"\(device.name)\": its ceilings could not be measured")
    }
    fit = ProfileFit(
      model: model, memoryBandwidth: read.best, matrixRate: rate.best, layers: layers, heads: heads)
    profile = HardwareProfile(
      name: device.name, memoryCapacity: Double(device.globalMemory), linkBandwidth: link.best,
      sequenceOverhead: try measure.hostSeconds(rounds: Self.rounds))
    fit.apply(to: &profile)
    if let idlePower { fit.applyEnergy(idlePower: idlePower, to: &profile) }
    profile.sources = ProfileSources.text(
      fit, ceilings: ceilings, link: link, read: read, rate: rate, hasEnergy: idlePower != nil)
  }
}
