import Foundation
package import Simulation

/// Turns timings of a model's layers into the efficiencies with which `CostModel` gives these timings again.
package struct ProfileFit: Sendable {
  package var model: ModelShape
  /// Bytes a second, and operations a second in the format of the weights: the device's ceilings.
  package var memoryBandwidth: Double
  package var matrixRate: Double
  package var layers: [LayerTiming]
  package var heads: [HeadTiming]

  package init(
    model: ModelShape, memoryBandwidth: Double, matrixRate: Double, layers: [LayerTiming], heads: [HeadTiming]
  ) {
    self.model = model
    self.memoryBandwidth = memoryBandwidth
    self.matrixRate = matrixRate
    self.layers = layers
    self.heads = heads
  }

  /// Sets the efficiencies, activation passes and layer overhead of `profile`, and the two ceilings that they refer to.
  ///
  /// Experts and dense products: t² = (bytes / (bandwidth · e))² + (operations / (rate · f))² is linear in 1 / e² and
  /// 1 / f². What is left of a layer's time is a constant and a part that grows with the rows.
  package func apply(to profile: inout HardwareProfile) {
    profile.memoryBandwidth = memoryBandwidth
    profile.matrixRate = matrixRate
    (profile.expertReadEfficiency, profile.expertMatrixEfficiency) = efficiencies(
      layers.map { (expertBytes($0), expertOperations($0), $0.experts) })
    let dense = layers.map { (denseBytes, denseOperations($0), $0.dense) }
    let head = heads.map { timing in
      (model.headElements * model.weightBytes, 2 * Double(timing.rows) * model.headElements, timing.seconds)
    }
    (profile.denseReadEfficiency, profile.denseMatrixEfficiency) = efficiencies(dense + head)
    let prompts = layers.filter { $0.decodeRows == 0 }.map { (a: pairOperations($0) / matrixRate, value: $0.attention) }
    if let seconds = LeastSquares.ratio(prompts) { profile.attentionEfficiency = 1 / seconds }
    let decode = layers.filter { $0.promptTokens == 0 }.map {
      (a: cacheBytes($0) / memoryBandwidth, value: $0.attention)
    }
    profile.attentionReadEfficiency = LeastSquares.ratio(decode).map { 1 / $0 }
    // The parts as the cost model will have them, so that its sum is right.
    let rest = layers.map { timing in
      LeastSquares.Point(
        a: 1, b: Double(timing.rows * model.hiddenSize) * 2 / memoryBandwidth,
        value: timing.wall - parts(timing, profile), scale: timing.wall)
    }
    (profile.layerOverhead, profile.activationPasses) = LeastSquares.fit(rest)
  }

  /// Sets the energies of `profile` from those of the layers: what goes beyond `idlePower` watts is of bytes and operations.
  package func applyEnergy(idlePower: Double, to profile: inout HardwareProfile) {
    let points = layers.compactMap { timing -> LeastSquares.Point? in
      guard let joules = timing.joules, joules > 0 else { return nil }
      let activations = profile.activationPasses * Double(timing.rows * model.hiddenSize) * 2
      return LeastSquares.Point(
        a: expertBytes(timing) + denseBytes + cacheBytes(timing) + activations,
        b: expertOperations(timing) + denseOperations(timing) + pairOperations(timing),
        value: joules - idlePower * timing.wall, scale: joules)
    }
    guard !points.isEmpty else { return }
    (profile.idlePower, profile.busyPower) = (idlePower, idlePower)
    (profile.energyPerByte, profile.energyPerOperation) = LeastSquares.fit(points)
  }

  /// The seconds that the cost model has for such a layer.
  package func predicted(_ timing: LayerTiming, _ profile: HardwareProfile) -> Double {
    parts(timing, profile) + profile.layerOverhead
      + profile.activationPasses * Double(timing.rows * model.hiddenSize) * 2 / memoryBandwidth
  }

  /// The largest relative difference between a layer's time as measured and as predicted.
  package func largestError(_ profile: HardwareProfile) -> Double {
    layers.map { abs(predicted($0, profile) / $0.wall - 1) }.max() ?? 0
  }

  private func parts(_ timing: LayerTiming, _ profile: HardwareProfile) -> Double {
    func overlapped(_ bytes: Double, _ read: Double, _ operations: Double, _ multiply: Double) -> Double {
      let reading = bytes / (memoryBandwidth * read)
      let multiplying = operations / (matrixRate * multiply)
      return (reading * reading + multiplying * multiplying).squareRoot()
    }
    return overlapped(
      expertBytes(timing), profile.expertReadEfficiency, expertOperations(timing), profile.expertMatrixEfficiency)
      + overlapped(denseBytes, profile.denseReadEfficiency, denseOperations(timing), profile.denseMatrixEfficiency)
      + pairOperations(timing) / (matrixRate * profile.attentionEfficiency)
      + cacheBytes(timing)
      / (memoryBandwidth * (profile.attentionReadEfficiency ?? profile.denseReadEfficiency))
  }

  /// The shares of bandwidth and rate that products reach.
  ///
  /// Where one of the two never shows in the times it is no limit here, and gets what makes it vanish.
  private func efficiencies(
    _ points: [(bytes: Double, operations: Double, seconds: Double)]
  ) -> (read: Double, multiply: Double) {
    let (x, y) = LeastSquares.fit(
      points.map { bytes, operations, seconds in
        let (read, multiply) = (bytes / memoryBandwidth, operations / matrixRate)
        return LeastSquares.Point(
          a: read * read, b: multiply * multiply, value: seconds * seconds, scale: seconds * seconds)
      })
    func efficiency(_ inverse: Double) -> Double { inverse > 0 ? 1 / inverse.squareRoot() : Self.noLimit }
    return (efficiency(x), efficiency(y))
  }

  private static let noLimit = 1000.0

  private func expertBytes(_ timing: LayerTiming) -> Double {
    timing.expertShare * Double(model.experts) * model.expertBytes
  }
  private func expertOperations(_ timing: LayerTiming) -> Double {
    2 * Double(timing.rows * model.chosenExperts) * model.expertElements
  }
  private var denseBytes: Double { model.denseElements * model.weightBytes }
  private func denseOperations(_ timing: LayerTiming) -> Double { 2 * Double(timing.rows) * model.denseElements }
  private func pairOperations(_ timing: LayerTiming) -> Double {
    let tokens = Double(timing.promptTokens)
    return 4 * tokens * (tokens + 1) / 2 * Double(model.queryHeads * model.headSize)
  }
  private func cacheBytes(_ timing: LayerTiming) -> Double {
    Double(timing.decodePositions) * model.cacheBytesPerPosition
  }
}
