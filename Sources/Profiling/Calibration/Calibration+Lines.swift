import Engine
import Simulation

extension Calibration {
  /// The profile's numbers, and how well the cost model gives the measured times with them.
  package var lines: [String] {
    let p = profile
    func share(_ value: Double?) -> String {
      value.map { $0 >= ProfileFit.noLimit ? "no limit" : fixed($0 * 100, 1) + " %" } ?? "-"
    }
    let energy =
      p.idlePower > 0
      ? "\(fixed(p.idlePower, 1)) W, \(fixed(p.energyPerByte * 1e12, 1)) pJ a byte, "
        + "\(fixed(p.energyPerOperation * 1e12, 2)) pJ an operation" : "not measured"
    let numbers = [
      ["memory bandwidth", fixed(p.memoryBandwidth / 1e9, 2) + " GB/s"],
      [
        "  reached by experts, dense products, attention",
        [p.expertReadEfficiency, p.denseReadEfficiency, p.attentionReadEfficiency ?? p.denseReadEfficiency].map(share)
          .joined(separator: ", "),
      ],
      ["matrix rate", fixed(p.matrixRate / 1e9, 1) + " GFLOP/s"],
      [
        "  reached by experts, dense products, attention",
        [p.expertMatrixEfficiency, p.denseMatrixEfficiency, p.attentionEfficiency].map(share).joined(separator: ", "),
      ],
      ["link bandwidth", fixed(p.linkBandwidth / 1e9, 2) + " GB/s"],
      ["activation passes", fixed(p.activationPasses, 1)],
      ["layer overhead", fixed(p.layerOverhead * 1e6, 1) + " µs"],
      ["sequence overhead", fixed(p.sequenceOverhead * 1e6, 1) + " µs"],
      ["energy", energy],
    ]
    let layers = fit.layers.map { timing in
      let predicted = fit.predicted(timing, p)
      return [
        timing.name, fixed(timing.expertShare * 100, 1) + " %",
        fixed(timing.experts * 1e3, 3), fixed(timing.dense * 1e3, 3), fixed(timing.attention * 1e3, 3),
        fixed(timing.wall * 1e3, 3), fixed(predicted * 1e3, 3), fixed((predicted / timing.wall - 1) * 100, 1) + " %",
      ]
    }
    let head = ["a layer, ms", "experts met", "experts", "dense", "attention", "in all", "by the fit", "off"]
    return [p.name] + Table(rows: numbers, right: []).lines + [""]
      + Table(rows: [head] + layers, right: Set(1...7)).lines
  }
}
