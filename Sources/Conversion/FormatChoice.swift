package import Backend

/// Which format each tensor of a converted model gets.
package struct FormatChoice: Sendable {
  package var type: ElementFormat
  /// Only tensors of experts change.
  package var expertsOnly: Bool

  package init(type: ElementFormat, expertsOnly: Bool = false) {
    self.type = type
    self.expertsOnly = expertsOnly
  }

  /// Weight matrices get `type`, or where their rows are no whole blocks of it one with smaller blocks, or f16. Vectors
  /// and routers, on whose last bits the choice of experts hangs, are f32.
  func format(name: String, shape: [Int], found: ElementFormat) -> ElementFormat {
    if !found.isWeight { return found }
    let isExpert = name.contains("_exps.")
    if !name.hasSuffix(".weight") || shape.count < 2 || name.contains("ffn_gate_inp") {
      return .f32
    }
    if expertsOnly, !isExpert { return found }
    let columns = shape.last ?? 1
    let fallbacks: [ElementFormat] = type == .q4K ? [.q4K, .q40, .f16] : [type, .f16]
    return fallbacks.first { columns % $0.blockElements == 0 } ?? .f16
  }

  /// The number of `general.file_type` in llama.cpp.
  var fileType: UInt32 {
    switch type {
    case .f16: 1
    case .q40: 2
    case .q80: 7
    case .q4K: 14
    case .bf16: 32
    case .mxfp4: 38
    default: 0
    }
  }
}
