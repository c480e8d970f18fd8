/// Counts of experts whose weights were read: one for each launch and each expert that had at least one row.
package struct ExpertLoads: Sendable, Equatable {
  package var decode: Int
  package var prefill: Int

  package init(decode: Int = 0, prefill: Int = 0) {
    self.decode = decode
    self.prefill = prefill
  }

  package static func += (sum: inout ExpertLoads, other: ExpertLoads) {
    sum.decode += other.decode
    sum.prefill += other.prefill
  }
}
