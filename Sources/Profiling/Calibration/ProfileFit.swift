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
    let prompts = layers.filter { $0.decodeRows == 0 }.map { (pairOperations($0) / matrixRate, $0.attention) }
    if let share = efficiency(prompts) { profile.attentionEfficiency = share }
    let decode = layers.filter { $0.promptTokens == 0 }.map { (cacheBytes($0) / memoryBandwidth, $0.attention) }
    profile.attentionReadEfficiency = efficiency(decode)
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

  /// The shares of bandwidth and rate that products reach, beyond a constant time that a launch takes whatever its size.
  ///
  /// The constant is found by trying; it belongs to the layer's overhead. Where one of the two shares never shows in the
  /// times it is no limit here, and gets what makes it vanish.
  private func efficiencies(
    _ points: [(bytes: Double, operations: Double, seconds: Double)]
  ) -> (read: Double, multiply: Double) {
    let least = points.map(\.seconds).min() ?? 0
    var best = (error: Double.infinity, constant: 0.0, x: 0.0, y: 0.0)
    func attempt(_ constant: Double) {
      let (x, y) = LeastSquares.fit(
        points.map { bytes, operations, seconds in
          let (read, multiply) = (bytes / memoryBandwidth, operations / matrixRate)
          let value = (seconds - constant) * (seconds - constant)
          // A small error of the square, relative to what its root is measured by.
          return LeastSquares.Point(
            a: read * read, b: multiply * multiply, value: value, scale: (seconds - constant) * seconds)
        })
      let error = points.reduce(0) { sum, point in
        let (read, multiply) = (point.bytes / memoryBandwidth, point.operations / matrixRate)
        let found = constant + (read * read * x + multiply * multiply * y).squareRoot()
        return sum + (found / point.seconds - 1) * (found / point.seconds - 1)
      }
      if error < best.error { best = (error, constant, x, y) }
    }
    for step in 0..<Self.steps { attempt(least * Double(step) / Double(Self.steps)) }
    let (middle, width) = (best.constant, least / Double(Self.steps))
    for step in -Self.steps...Self.steps {
      attempt(min(max(0, middle + width * Double(step) / Double(Self.steps)), 0.99 * least))
    }
    func efficiency(_ inverse: Double) -> Double { inverse > 0 ? 1 / inverse.squareRoot() : Self.noLimit }
    return (efficiency(best.x), efficiency(best.y))
  }

  /// The share that a linear time reaches, beyond a constant.
  private func efficiency(_ points: [(ideal: Double, seconds: Double)]) -> Double? {
    guard !points.isEmpty else { return nil }
    let (slope, _) = LeastSquares.fit(
      points.map { LeastSquares.Point(a: $0.ideal, b: 1, value: $0.seconds, scale: $0.seconds) })
    return slope > 0 ? 1 / slope : Self.noLimit
  }

  private static let steps = 32
  /// The share of what is no limit.
  static let noLimit = 1000.0

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
