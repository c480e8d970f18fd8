/// What an iteration does at a layer: decode rows only, or a prefill tile (with the decode rows that share its loads).
package enum Phase: Int, Sendable, CaseIterable {
  case decode = 0
  case prefill = 1
}
