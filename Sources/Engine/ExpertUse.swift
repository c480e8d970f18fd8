import Backend
import Scheduling

/// How often each expert was used and moved so far: tells the different ones apart between two times.
struct ExpertUse {
  /// Rows of each expert, [layers][experts].
  var rows: [[Int]]
  /// Transfers of the experts that came, by layer.
  var transfers: [[Int: Int]]

  /// Waits for the device.
  init(_ runner: any SequenceExecutor) throws {
    rows = try runner.expertRows()
    transfers = runner.expertTransfers.loadsByExpert
  }

  /// Puts the counts of different experts, used or moved since `before`, into an account.
  func count(since before: ExpertUse, in ledger: inout Ledger) {
    ledger.distinctReads = zip(rows, before.rows).map { now, before in zip(now, before).count { $0 > $1 } }
    ledger.distinctTransfers = zip(transfers, before.transfers).map { now, before in
      now.count { $0.value > before[$0.key, default: 0] }
    }
  }
}
