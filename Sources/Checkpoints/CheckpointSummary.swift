package import Backend

/// What a checkpoint consists of: tensors and bytes by format, by part of the model and by file.
package struct CheckpointSummary: Sendable {
  /// How much of one kind there is.
  package struct Share: Sendable, Equatable {
    package let name: String
    package internal(set) var tensorCount = 0
    package internal(set) var elementCount = 0
    package internal(set) var byteCount = 0

    package init(name: String, tensorCount: Int = 0, elementCount: Int = 0, byteCount: Int = 0) {
      self.name = name
      self.tensorCount = tensorCount
      self.elementCount = elementCount
      self.byteCount = byteCount
    }

    fileprivate mutating func add(_ tensor: HostTensor) {
      tensorCount += 1
      elementCount += tensor.elementCount
      byteCount += tensor.storedBytes
    }
  }

  package let total: Share
  /// The most bytes first.
  package let formats: [Share]
  /// In the order of `ModelPart`; parts without a tensor are left out.
  package let parts: [Share]
  /// Sorted by path.
  package let files: [Share]

  package init(_ checkpoint: Checkpoint) { self.init(checkpoint.tensors) }

  package init(_ tensors: [HostTensor]) {
    total = Self.shares(tensors) { _ in "total" }.first ?? Share(name: "total")
    formats = Self.shares(tensors) { $0.format.rawValue }.sorted { ($1.byteCount, $0.name) < ($0.byteCount, $1.name) }
    let byPart = Self.shares(tensors) { ModelPart(tensorName: $0.name).rawValue }
    parts = ModelPart.allCases.compactMap { part in byPart.first { $0.name == part.rawValue } }
    files = Self.shares(tensors) { $0.source }.sorted { $0.name < $1.name }
  }

  private static func shares(_ tensors: [HostTensor], by key: (HostTensor) -> String) -> [Share] {
    var shares: [String: Share] = [:]
    for tensor in tensors {
      let name = key(tensor)
      shares[name, default: Share(name: name)].add(tensor)
    }
    return Array(shares.values)
  }
}
