import Engine
import Simulation

/// Says of each number of a calibrated profile how it was measured.
enum ProfileSources {
  static func text(
    _ fit: ProfileFit, ceilings: DeviceCeilings, link: Ceiling, read: Ceiling, rate: Ceiling,
    hasEnergy: Bool
  ) -> [String: String] {
    let layers = "measured: layers of \(fit.model.name)'s shape with random weights"
    let loads = fit.layers.map(\.name).joined(separator: ", ")
    let products = "\(layers), by OpenCL events, fitted over \(loads)"
    let energy =
      hasEnergy
      ? "measured: the CPU packages' counters (powercap, RAPL) while layers of \(fit.model.name)'s shape run"
      : "not measured: nothing here tells the device's energy"
    return [
      "devices": "one: \(ceilings.device), driver \(ceilings.driver)",
      "memoryCapacity": "as the device reports it",
      "memoryBandwidth": "measured: \(read.name.title), \(read.method)",
      "denseReadEfficiency": "\(products), and the LM head",
      "denseMatrixEfficiency": "\(products), and the LM head",
      "expertReadEfficiency": products,
      "expertMatrixEfficiency": products,
      "matrixRate": "measured: \(rate.name.title), \(rate.method)",
      "attentionEfficiency": "\(layers), prompts, by OpenCL events",
      "attentionReadEfficiency":
        "\(layers), decode rows, by OpenCL events; a value of the cache is counted as 2 bytes, as the cost model does",
      "activationPasses":
        "\(layers), the host's clock: what grows with the rows and is none of the products or attention",
      "linkBandwidth": "measured: \(link.name.title), \(link.method)",
      "expertsInHostMemory": "the experts are on the device",
      "interconnectBandwidth": "of no meaning for one device; the link's",
      "layerOverhead": "\(layers), the host's clock: what is left with no rows",
      "sequenceOverhead": "measured: reading a row of logits and choosing a token, the host's clock",
      "energyPerByte": energy, "energyPerOperation": energy,
      "idlePower": hasEnergy
        ? "measured: the CPU packages' counters (powercap, RAPL) for a second without work" : energy,
      "busyPower": hasEnergy ? "as idlePower: what is above it is of bytes and operations" : energy,
    ]
  }
}
