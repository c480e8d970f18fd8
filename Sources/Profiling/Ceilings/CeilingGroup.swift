/// Ceilings that are measured together.
package enum CeilingGroup: String, Sendable, CaseIterable {
  case memory, transfer, launch, multiply

  /// For progress.
  package var title: String {
    switch self {
    case .memory: "global memory bandwidth"
    case .transfer: "transfer bandwidth"
    case .launch: "kernel launch latency"
    case .multiply: "multiply rates"
    }
  }
}
