import Engine
import Models
import Scheduling
import TestSupport
import Testing

/// The ledger by iteration.
struct IterationRecordTests {
  private let files: ModelFiles

  init() throws { files = try ModelFiles(folder: Fixtures.path("tiny-moe")) }

  /// A prompt of 100 tokens in two groups of four layers, then four tokens more: each iteration's own tiles and loads, and
  /// together what the whole ledger has.
  @Test(arguments: TestTarget.all)
  func iterationsAddUp(target: TestTarget) async throws {
    var options = target.options(cachePositions: 256, policy: Layered(groups: 2))
    options.recordsIterations = true
    let engine = try Engine(files, tokenizer: nil, options: options)
    let request = GenerationRequest(prompt: (0..<100).map { Int32($0 * 7 % 2048) }, maxTokens: 5)
    for stream in try await engine.submit([request]) { _ = try await stream.result() }
    let totals = try await engine.iterationTotals()
    let records = totals.records
    #expect(records.map(\.decodeRows) == [0, 0, 1, 1, 1, 1])
    #expect(records.prefix(2).flatMap(\.tiles).map(\.tokens) == [100, 100])
    #expect(records.prefix(2).flatMap(\.tiles).map(\.firstLayer) == [0, 4])
    for record in records.prefix(2) {
      #expect(record.account.expertReads.decode == 0)
      // At least the chosen four a layer, at most all 32, of four layers.
      #expect((16...128).contains(record.account.expertReads.prefill))
    }
    for record in records.dropFirst(2) {
      // One row meets four experts in each of eight layers.
      #expect(record.account.expertReads == Ledger.Phases(decode: 32))
      #expect(record.seconds > 0)
    }
    var sum = Ledger.Entry()
    for record in records { sum += record.account }
    #expect(sum.expertReads == totals.ledger.total.expertReads)
    #expect(sum.memory == totals.ledger.total.memory)
  }

  /// Nothing is kept unless asked for.
  @Test func nothingIsKeptUnasked() async throws {
    let engine = try Engine(files, tokenizer: nil, options: TestTarget.any.options(cachePositions: 64))
    for stream in try await engine.submit([GenerationRequest(prompt: [1], maxTokens: 2)]) {
      _ = try await stream.result()
    }
    #expect(try await engine.iterationTotals().records.isEmpty)
  }
}
