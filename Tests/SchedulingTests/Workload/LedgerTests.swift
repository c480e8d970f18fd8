import Scheduling
import Testing

struct LedgerTests {
  private func ledger(_ scale: Double) -> Ledger {
    var ledger = Ledger()
    ledger.outside.add(10 * scale, .dense, isPrefill: false)
    var layer = Ledger.Entry()
    layer.add(4 * scale, .expert, isPrefill: true)
    layer.add(3 * scale, .expert, isPrefill: false)
    layer.expertReads = Ledger.Phases(decode: 3 * scale, prefill: 4 * scale)
    layer.hostToDevice = Ledger.Phases(decode: 1 * scale, prefill: 2 * scale)
    layer.expertTransfers = Ledger.Phases(decode: 5 * scale, prefill: 5 * scale)
    ledger.layers = [layer, layer]
    ledger.distinctReads = [3, 4]
    ledger.distinctTransfers = [2, 3]
    ledger.needed = Ledger.Phases(decode: 8 * scale, prefill: 0)
    ledger.hits = Ledger.Phases(decode: 6 * scale, prefill: 0)
    return ledger
  }

  @Test func theTotalIsTheSumOfLayersAndOutside() {
    let total = ledger(1).total
    #expect(total.memory[.expert] == Ledger.Phases(decode: 6, prefill: 8))
    #expect(total.memory[.dense] == Ledger.Phases(decode: 10))
    #expect(total.hostToDevice == Ledger.Phases(decode: 2, prefill: 4))
    #expect(total.memory[.carry] == nil)
  }

  /// 14 reads of 7 experts, 20 transfers of 5.
  @Test func factorsAreLoadsOverDistinctExperts() {
    #expect(ledger(1).readFactor == 2 && ledger(1).reloadFactor == 4)
    #expect(ledger(1).hitRate(isPrefill: false) == 0.75 && ledger(1).hitRate(isPrefill: true) == nil)
    #expect(Ledger().readFactor == nil && Ledger().reloadFactor == nil)
  }

  @Test func aDifferenceIsWhatWasAdded() {
    let change = ledger(3) - ledger(1)
    #expect(change.total == ledger(2).total)
    #expect(change.needed == ledger(2).needed && change.hits == ledger(2).hits)
    #expect(change.distinctReads == [3, 4])
  }
}
