/// Another way than the usual one to cut products into pieces of work, which changes no bit of them.
package enum ProductCut: String, Sendable, CaseIterable {
  /// As few and large pieces as can be.
  case coarse
  case fine
}

extension Backend {
  /// As `cutting(_:_:_:)`, of a backend that cuts nothing.
  package func cutting<Result>(
    _ cut: ProductCut, _ formats: Set<ElementFormat>, _ body: () throws -> Result
  ) throws -> Result? { nil }
}
