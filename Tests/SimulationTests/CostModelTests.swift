import Scheduling
import Simulation
import TestSupport
import Testing

/// Against the formulas, worked by hand for one layer of a small model on round numbers.
struct CostModelTests {
  private func model() throws -> ModelShape {
    let folder = try TemporaryFolder()
    let config =
      #"{"num_hidden_layers": 2, "hidden_size": 100, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 10, "#
      + #""num_experts": 10, "num_experts_per_tok": 2, "moe_intermediate_size": 50, "vocab_size": 1000, "#
      + #""max_position_embeddings": 4096}"#
    try folder.write("config.json", config)
    return try ModelShape(at: folder.path)
  }

  /// A byte takes 1 µs of one device, an operation 1 ns; everything else costs nothing.
  private func hardware() throws -> HardwareProfile {
    var profile = try HardwareProfile(named: "h100")
    profile.memoryBandwidth = 1e6
    profile.matrixRate = 1e9
    profile.denseReadEfficiency = 1
    profile.expertReadEfficiency = 0.5
    profile.denseMatrixEfficiency = 1
    profile.expertMatrixEfficiency = 0.25
    profile.attentionEfficiency = 1
    profile.activationPasses = 0
    profile.layerOverhead = 0
    profile.sequenceOverhead = 0
    profile.sequenceOverheads = nil
    return profile
  }

  private let coverage = ExpertCoverage(
    prompt: [.init(rows: 64, share: 0.8)], decode: [.init(rows: 8, share: 0.5)], one: 0.2)

  private func load(decode rows: Int, positions: Int = 0, tokens: Int = 0, layers: Range<Int> = 0..<2) -> IterationLoad
  {
    let slice = PrefillTile.Slice(request: RequestID(0), tokens: 0..<tokens)
    return IterationLoad(
      layerCount: 2, decode: DecodeLoad(rows: rows, positions: positions),
      tiles: tokens > 0 ? [PrefillTile(slices: [slice], layers: layers)] : [])
  }

  private func root(_ a: Double, _ b: Double) -> Double { (a * a + b * b).squareRoot() }

  @Test func aDecodeStep() throws {
    let costs = CostModel(model: try model(), hardware: try hardware(), coverage: coverage)
    let cost = costs.cost(of: load(decode: 8, positions: 800))
    // Experts of a layer: half of 10 · 3 · 100 · 50 weights of 2 bytes; 8 rows · 2 experts · 15,000 weights · 2.
    let expertBytes = 0.5 * 10 * 15_000 * 2
    let experts = root(expertBytes / 0.5e6, 8 * 2 * 15_000 * 2 / 0.25e9)
    // Attention's projections and the router: 100 · (2 · 40 + 2 · 20 + 10) weights.
    let dense = root(13_000 * 2 / 1e6, 2 * 8 * 13_000 / 1e9)
    // Keys and values: 800 positions · 2 · 20 values of 2 bytes.
    let attention = 800 * 80 / 1e6
    let head = root(100_000 * 2 / 1e6, 2 * 8 * 100_000 / 1e9)
    #expect(abs(cost.seconds - (2 * (experts + dense + attention) + head)) < 1e-9)
    #expect(abs(cost.expertSeconds - 2 * experts) < 1e-9)
    #expect(abs(cost.expertBytesDecode - 2 * expertBytes) < 1e-6)
    #expect(cost.expertBytesPrefill == 0)
  }

  /// Only the tile's layer has its rows; the LM head reads its last one only behind the last layer.
  @Test func aTileOfOneLayer() throws {
    let costs = CostModel(model: try model(), hardware: try hardware(), coverage: coverage)
    let first = costs.cost(of: load(decode: 8, tokens: 64, layers: 0..<1))
    let union = 1 - 0.2 * 0.5
    #expect(abs(first.expertBytesPrefill - union * 300_000) < 1e-6)
    #expect(abs(first.expertBytesDecode - 0.5 * 300_000) < 1e-6)
    // 64 · 65 / 2 pairs of 4 heads of 10, two products of two operations each; the decode rows look back on nothing.
    let pairs = 64.0 * 65 / 2
    let dense = root(26_000 / 1e6, 2 * 72 * 13_000 / 1e9)
    let experts = root(union * 300_000 / 0.5e6, 72 * 2 * 15_000 * 2 / 0.25e9)
    let decodeOnly = (costs.cost(of: load(decode: 8)).seconds - root(0.2, 0.0016)) / 2
    let expected = experts + dense + 4 * pairs * 40 / 1e9 + decodeOnly + root(0.2, 0.0016)
    #expect(abs(first.seconds - expected) < 1e-9)
    let last = costs.cost(of: load(decode: 8, tokens: 64, layers: 1..<2))
    #expect(abs(last.seconds - first.seconds - (root(0.2, 0.0018) - root(0.2, 0.0016))) < 1e-9)
  }

  @Test func twoDevicesShareTheWork() throws {
    var hardware = try hardware()
    hardware.interconnectBandwidth = 1e18
    let one = CostModel(model: try model(), hardware: hardware, coverage: coverage).cost(
      of: load(decode: 8, tokens: 64))
    hardware.devices = 2
    let two = CostModel(model: try model(), hardware: hardware, coverage: coverage).cost(
      of: load(decode: 8, tokens: 64))
    #expect(abs(two.seconds - one.seconds / 2) < 1e-9)
    #expect(two.bytes == one.bytes && two.operations == one.operations)
    // Each device sends and gets the sum of 72 rows of 100 values of 2 bytes, twice a layer.
    hardware.interconnectBandwidth = 1e6
    let slow = CostModel(model: try model(), hardware: hardware, coverage: coverage).cost(
      of: load(decode: 8, tokens: 64))
    #expect(abs(slow.seconds - two.seconds - 2 * 2 * 14_400 / 1e6) < 1e-9)
  }

  @Test func overheadsAreOfLayersAndSequences() throws {
    var hardware = try hardware()
    hardware.layerOverhead = 0.5
    hardware.sequenceOverhead = 10
    let shape = try model()
    let free = CostModel(model: shape, hardware: try self.hardware(), coverage: coverage)
    let costs = CostModel(model: shape, hardware: hardware, coverage: coverage)
    let load = load(decode: 3, tokens: 64, layers: 0..<1)
    #expect(abs(costs.cost(of: load).seconds - free.cost(of: load).seconds - (2 * 0.5 + 4 * 10)) < 1e-9)
    hardware.sequenceOverheads = [shape.name: 7]
    #expect(CostModel(model: shape, hardware: hardware, coverage: coverage).sequenceOverhead == 7)
  }

  @Test func expertsInHostMemoryComeOverTheLink() throws {
    var hardware = try hardware()
    hardware.expertsInHostMemory = true
    hardware.linkBandwidth = 1e3
    let cost = CostModel(model: try model(), hardware: hardware, coverage: coverage).cost(of: load(decode: 8))
    #expect(abs(cost.expertSeconds - 2 * 150_000 / 1e3) < 1e-9)
  }

  @Test func energyIsOfTimeBytesAndOperations() throws {
    var hardware = try hardware()
    hardware.devices = 2
    hardware.busyPower = 10
    hardware.idlePower = 1
    hardware.energyPerByte = 2
    hardware.energyPerOperation = 3
    let costs = CostModel(model: try model(), hardware: hardware, coverage: coverage)
    var cost = IterationCost()
    cost.seconds = 5
    cost.bytes = 7
    cost.operations = 11
    #expect(costs.energy(of: cost, idle: 4) == 2 * (50 + 4) + 14 + 33)
  }

  /// What fits into nine tenths of the memory beside the weights.
  @Test func theCacheHasWhatTheWeightsLeave() throws {
    let shape = try Setup.shape(Setup.qwen)
    let costs = CostModel(model: shape, hardware: try HardwareProfile(named: "h100x2"), coverage: coverage)
    #expect(costs.cachePositions == Int((0.9 * 160e9 - shape.totalBytes) / (2048 * 48)))
    let small = CostModel(model: shape, hardware: try HardwareProfile(named: "rtx3060"), coverage: coverage)
    #expect((10_000..<100_000).contains(small.cachePositions), "the experts are in host memory")
  }
}
