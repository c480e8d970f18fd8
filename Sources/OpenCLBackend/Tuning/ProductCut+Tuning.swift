package import Backend

extension OpenCLBackend {
  package func cutting<Result>(
    _ cut: ProductCut, _ formats: Set<ElementFormat>, _ body: () throws -> Result
  ) throws -> Result? {
    guard let tuning = Tuning(cut, formats, plan.style) else { return nil }
    let usual = plan.tuning
    retune(tuning)
    defer { retune(usual) }
    return try body()
  }
}

extension Tuning {
  /// Formats that are cut in other ways in the GPU style, where each way is another kernel to build.
  private static let built: Set<ElementFormat> = [.bf16, .q80]

  /// Products of weights in `formats`, and experts' rows, cut so; nil where a style's kernels leave no choice.
  init?(_ cut: ProductCut, _ formats: Set<ElementFormat>, _ style: KernelStyle) {
    let own: Cut
    switch style {
    case .cpu:
      own = cut == .coarse ? Cut(itemsPerUnit: 1, itemRows: 4096) : Cut(itemsPerUnit: 64, itemRows: 8)
    case .gpu:
      guard formats.isSubset(of: Self.built) else { return nil }
      own = cut == .coarse ? Cut(tileM: 8, tileN: 4, blockK: 32) : Cut(tileM: 1, tileN: 2, blockK: 32)
    case .mma: return nil
    }
    self.init()
    for rows in Rows.allCases {
      for format in formats {
        cuts[Key(.linear, format, rows)] = own
        cuts[Key(.experts, format, rows)] = own
      }
      cuts[Key(.grouping, nil, rows)] = own
    }
  }
}
