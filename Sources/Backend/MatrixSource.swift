/// The checkpoint tensors that make one weight matrix, or one matrix for each expert, before a backend lays it out.
///
/// Expert e's matrix has `rows` rows (output features) and `columns` columns (input features): the tensors `parts[e]`
/// stacked on each other, each [its rows, columns], row-major. A dense matrix is one with a single expert.
package struct MatrixSource: Sendable {
  /// How a backend may order the rows.
  package enum Kind: Sendable, Equatable {
    /// y = x Wᵀ.
    case plain
    /// Each expert is a head, whose product has its own part of x and of y.
    case heads
    /// The first half of the rows is the gate, the second the up projection: y = silu(x Gᵀ) ⊙ (x Uᵀ).
    case gated
  }

  /// For messages and the ledger, such as `layers.3.experts.gate_up`.
  package let label: String
  package let kind: Kind
  package let rows: Int
  package let columns: Int
  package let parts: [[HostTensor]]

  package var expertCount: Int { parts.count }

  /// - Throws: `BackendError` naming the tensor whose shape does not fit.
  package init(label: String, kind: Kind = .plain, parts: [[HostTensor]]) throws(BackendError) {
    guard let first = parts.first?.first, first.shape.count == 2 else {
      throw BackendError("\(label): a weight matrix needs at least one tensor of two dimensions")
    }
    let columns = first.shape[1]
    let rows = parts[0].reduce(0) { $0 + ($1.shape.first ?? 0) }
    for tensor in parts.joined() where tensor.shape.count != 2 || tensor.shape[1] != columns {
      throw BackendError("\(tensor.name): shape \(tensor.shape), expected [any, \(columns)] as part of \(label)")
    }
    for expert in parts where expert.reduce(0, { $0 + $1.shape[0] }) != rows {
      throw BackendError("\(expert[0].name): its matrix in \(label) has another number of rows than \(rows)")
    }
    guard rows > 0, columns > 0, kind != .gated || rows % 2 == 0 else {
      throw BackendError("\(label): \(rows) × \(columns) is not a shape of a \(kind) matrix")
    }
    self.label = label
    self.kind = kind
    self.rows = rows
    self.columns = columns
    self.parts = parts
  }

  /// The elements' format if all tensors share it, else f32, to which every other format widens exactly.
  package var format: ElementFormat {
    let formats = Set(parts.joined().map(\.format))
    return formats.count == 1 ? formats.first ?? .f32 : .f32
  }

  /// The matrix in parts of one format each, in their order, if it can be cut so: a plain one of a single expert.
  package var bands: [MatrixSource] {
    guard kind == .plain, expertCount == 1, Set(parts[0].map(\.format)).count > 1 else { return [self] }
    var bands: [[HostTensor]] = []
    for tensor in parts[0] {
      if bands.last?.last?.format == tensor.format {
        bands[bands.count - 1].append(tensor)
      } else {
        bands.append([tensor])
      }
    }
    return bands.map { MatrixSource(self, parts: [$0]) }
  }

  private init(_ whole: MatrixSource, parts: [[HostTensor]]) {
    label = whole.label
    kind = whole.kind
    columns = whole.columns
    rows = parts[0].reduce(0) { $0 + $1.shape[0] }
    self.parts = parts
  }

  /// The tensor, and the place in it, that hold row `row` of `expert`.
  @inlinable package func locate(expert: Int, row: Int) -> (tensor: HostTensor, row: Int) {
    var row = row
    for tensor in parts[expert] {
      if row < tensor.shape[0] { return (tensor, tensor.rowOrder.place(of: row)) }
      row -= tensor.shape[0]
    }
    preconditionFailure("row \(row) lies outside \(label)")
  }
}
