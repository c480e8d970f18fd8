extension ServingReport {
  /// Each figure's median over runs of the same load and policy; nil without runs.
  package init?(mediansOf reports: [ServingReport]) {
    guard var medians = reports.first else { return nil }
    func median(_ values: [Double]) -> Double { Distribution(values).median }
    let figures: [WritableKeyPath<ServingReport, Double>] = [
      \.duration, \.requestThroughput, \.outputThroughput, \.totalTokenThroughput, \.meanDecodeBatch,
      \.meanInSystemAtArrivals, \.expertBytesDecode, \.expertBytesPrefill,
    ]
    for figure in figures { medians[keyPath: figure] = median(reports.map { $0[keyPath: figure] }) }
    let optionals: [WritableKeyPath<ServingReport, Double?>] = [
      \.attainment, \.attainmentTTFT, \.attainmentTBT, \.goodput, \.goodputMeanTPOT, \.energyPerToken,
    ]
    for figure in optionals where medians[keyPath: figure] != nil {
      medians[keyPath: figure] = median(reports.compactMap { $0[keyPath: figure] })
    }
    let counts: [WritableKeyPath<ServingReport, Int>] = [\.completed, \.failed, \.iterations, \.preemptions]
    for figure in counts {
      medians[keyPath: figure] = Int(median(reports.map { Double($0[keyPath: figure]) }).rounded())
    }
    let distributions: [WritableKeyPath<ServingReport, Distribution>] = [\.ttft, \.tpot, \.itl, \.e2el]
    let parts: [WritableKeyPath<Distribution, Double>] = [\.mean, \.median, \.p90, \.p99, \.maximum]
    for distribution in distributions {
      for part in parts {
        let figure = distribution.appending(path: part)
        medians[keyPath: figure] = median(reports.map { $0[keyPath: figure] })
      }
    }
    self = medians
  }
}
