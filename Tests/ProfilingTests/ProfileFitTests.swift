import JSON
import Profiling
import Scheduling
import Simulation
import TestSupport
import Testing

/// Timings that a known machine would give, by the formulas of Documentation/simulation.md, must give the machine again.
struct ProfileFitTests {
  private let bandwidth = 40e9
  private let rate = 300e9

  private func model() throws -> ModelShape {
    let folder = try TemporaryFolder()
    try folder.write(
      "config.json",
      #"{"num_hidden_layers": 3, "hidden_size": 1000, "num_attention_heads": 16, "num_key_value_heads": 4, "#
        + #""head_dim": 64, "num_experts": 32, "num_experts_per_tok": 4, "moe_intermediate_size": 400, "#
        + #""vocab_size": 5000, "max_position_embeddings": 4096}"#)
    return try ModelShape(at: folder.path)
  }

  /// The machine to be found.
  private var machine: HardwareProfile {
    var profile = HardwareProfile(
      name: "machine", memoryCapacity: 16e9, linkBandwidth: 10e9, sequenceOverhead: 20e-6)
    profile.memoryBandwidth = bandwidth
    profile.matrixRate = rate
    profile.expertReadEfficiency = 0.7
    profile.expertMatrixEfficiency = 0.4
    profile.denseReadEfficiency = 0.9
    profile.denseMatrixEfficiency = 0.6
    profile.attentionEfficiency = 0.25
    profile.attentionReadEfficiency = 0.5
    profile.activationPasses = 60
    profile.layerOverhead = 35e-6
    return profile
  }

  private func root(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }

  /// Experts of 3 · 1000 · 400 weights; projections of 1000 · (2 · 1024 + 2 · 256 + 32); keys and values of 2 · 256.
  private func timing(decode rows: Int, positions: Int, prompt tokens: Int, share: Double) -> LayerTiming {
    let m = machine
    let all = Double(rows + tokens)
    let experts = root(
      share * 32 * 1.2e6 * 2 / (bandwidth * m.expertReadEfficiency),
      2 * all * 4 * 1.2e6 / (rate * m.expertMatrixEfficiency))
    let weights = 1000.0 * (2 * 1024 + 2 * 256 + 32)
    let dense = root(
      weights * 2 / (bandwidth * m.denseReadEfficiency), 2 * all * weights / (rate * m.denseMatrixEfficiency))
    let pairs = Double(tokens) * Double(tokens + 1) / 2
    let attention =
      4 * pairs * 1024 / (rate * m.attentionEfficiency) + Double(positions) * 512 * 2 / (bandwidth * 0.5)
    let wall = experts + dense + attention + 60 * all * 1000 * 2 / bandwidth + 35e-6
    let bytes = share * 32 * 1.2e6 * 2 + weights * 2 + Double(positions) * 1024 + 60 * all * 2000
    let operations = 2 * all * 4 * 1.2e6 + 2 * all * weights + 4 * pairs * 1024
    return LayerTiming(
      decodeRows: rows, decodePositions: positions, promptTokens: tokens, expertShare: share, experts: experts,
      dense: dense, attention: attention, wall: wall, joules: 12 * wall + 50e-12 * bytes + 3e-12 * operations)
  }

  private func fit() throws -> ProfileFit {
    ProfileFit(
      model: try model(), memoryBandwidth: bandwidth, matrixRate: rate,
      layers: [
        timing(decode: 1, positions: 500, prompt: 0, share: 0.125),
        timing(decode: 16, positions: 8000, prompt: 0, share: 0.8),
        timing(decode: 0, positions: 0, prompt: 64, share: 0.9),
        timing(decode: 0, positions: 0, prompt: 1024, share: 1),
      ],
      heads: [
        HeadTiming(rows: 8, seconds: root(5e6 * 2 / (bandwidth * 0.9), 2 * 8 * 5e6 / (rate * 0.6)))
      ])
  }

  private func expect(_ found: HardwareProfile, within tolerance: Double = 1e-6) {
    let numbers: [KeyPath<HardwareProfile, Double>] = [
      \.memoryBandwidth, \.matrixRate, \.expertReadEfficiency, \.expertMatrixEfficiency, \.denseReadEfficiency,
      \.denseMatrixEfficiency, \.attentionEfficiency, \.activationPasses, \.layerOverhead,
    ]
    for number in numbers {
      let expected = machine[keyPath: number]
      #expect(abs(found[keyPath: number] / expected - 1) < tolerance, "\(number)")
    }
    #expect(abs((found.attentionReadEfficiency ?? 0) / 0.5 - 1) < tolerance)
  }

  @Test func theMachineIsFoundAgain() throws {
    var profile = HardwareProfile(name: "found", memoryCapacity: 1e9, linkBandwidth: 1e9, sequenceOverhead: 0)
    let fit = try fit()
    fit.apply(to: &profile)
    expect(profile)
    #expect(fit.largestError(profile) < 1e-6)
  }

  @Test func energyIsFoundAgain() throws {
    var profile = HardwareProfile(name: "found", memoryCapacity: 1e9, linkBandwidth: 1e9, sequenceOverhead: 0)
    let fit = try fit()
    fit.apply(to: &profile)
    fit.applyEnergy(idlePower: 12, to: &profile)
    #expect(profile.idlePower == 12 && profile.busyPower == 12)
    #expect(abs(profile.energyPerByte / 50e-12 - 1) < 1e-6)
    #expect(abs(profile.energyPerOperation / 3e-12 - 1) < 1e-6)
  }

  /// What the simulator makes of the fitted profile is what was measured, layer by layer.
  @Test func theCostModelGivesTheMeasuredTimes() throws {
    var profile = HardwareProfile(name: "found", memoryCapacity: 1e9, linkBandwidth: 1e9, sequenceOverhead: 0)
    let fit = try fit()
    fit.apply(to: &profile)
    let costs = CostModel(
      model: fit.model, hardware: profile,
      coverage: ExpertCoverage(
        prompt: [.init(rows: 64, share: 0.9), .init(rows: 1024, share: 1)], decode: [.init(rows: 16, share: 0.8)],
        one: 0.125))
    func head(_ rows: Double) -> Double { root(5e6 * 2 / (bandwidth * 0.9), 2 * rows * 5e6 / (rate * 0.6)) }
    let decode = IterationLoad(layerCount: 3, decode: DecodeLoad(rows: 16, positions: 8000), tiles: [])
    #expect(abs(costs.cost(of: decode).seconds / (3 * fit.layers[1].wall + head(16)) - 1) < 1e-6)
    let slice = PrefillTile.Slice(request: RequestID(0), tokens: 0..<1024)
    let prompt = IterationLoad(
      layerCount: 3, decode: DecodeLoad(rows: 0, positions: 0), tiles: [PrefillTile(slices: [slice], layers: 0..<3)])
    #expect(abs(costs.cost(of: prompt).seconds / (3 * fit.layers[3].wall + head(1)) - 1) < 1e-6)
  }

  /// A launch that takes its time whatever its size, as on a GPU, is overhead of the layer and no slow reading.
  @Test func aConstantOfALaunchIsOverhead() throws {
    var fit = try fit()
    for index in fit.layers.indices {
      fit.layers[index].experts += 2e-3
      fit.layers[index].attention += 1e-4
      fit.layers[index].wall += 2.1e-3
    }
    var profile = HardwareProfile(name: "found", memoryCapacity: 1e9, linkBandwidth: 1e9, sequenceOverhead: 0)
    fit.apply(to: &profile)
    #expect(abs(profile.expertReadEfficiency / 0.7 - 1) < 0.05)
    #expect(abs(profile.expertMatrixEfficiency / 0.4 - 1) < 0.05)
    #expect(abs(profile.attentionEfficiency / 0.25 - 1) < 1e-6)
    #expect(abs(profile.layerOverhead / 2.135e-3 - 1) < 0.05)
    #expect(fit.largestError(profile) < 0.01)
  }

  /// A machine so slow at multiplying that reading never shows: it must not become a limit, nor a number that is none.
  @Test func whatNeverShowsIsNoLimit() throws {
    var fit = try fit()
    for index in fit.layers.indices { fit.layers[index].experts = Double(fit.layers[index].rows) * 1e-3 }
    var profile = HardwareProfile(name: "found", memoryCapacity: 1e9, linkBandwidth: 1e9, sequenceOverhead: 0)
    fit.apply(to: &profile)
    #expect(abs(profile.expertMatrixEfficiency * rate / (2 * 4 * 1.2e6 / 1e-3) - 1) < 1e-3)
    #expect(profile.expertReadEfficiency >= 100 && profile.expertReadEfficiency.isFinite)
  }

  @Test func aMeasuredProfileIsWrittenAndReadAgain() throws {
    let folder = try TemporaryFolder()
    var profile = machine
    profile.sources = ["matrixRate": "measured"]
    let path = "\(folder.path)/machine.json"
    try profile.write(to: path)
    #expect(try HardwareProfile(named: path) == profile)
    let absent = "\(folder.path)/absent/machine.json"
    let error = #expect(throws: SimulationError.self) { try profile.write(to: absent) }
    #expect(error?.description.hasPrefix("\(absent): cannot be written") == true)
  }
}
