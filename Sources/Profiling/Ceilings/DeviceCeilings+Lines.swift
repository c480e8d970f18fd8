import Engine

extension DeviceCeilings {
  /// A table for a person, one line a ceiling.
  package var lines: [String] {
    let rows = ceilings.map { ceiling in
      let (median, best, unit) = ceiling.texts
      return [ceiling.name.title, median, best, unit, ceiling.method]
    }
    return ["\(device), driver \(driver), buffers of \(bufferBytes >> 20) MiB"]
      + Table(rows: [["", "median", "best", "", "how"]] + rows, right: [1, 2]).lines
  }
}

extension Ceiling {
  /// Median, best and unit, with four digits or so.
  var texts: (median: String, best: String, unit: String) {
    let (scale, unit) =
      switch self.unit {
      case .seconds: (1e6, "µs")
      case .bytesPerSecond: (1e-9, "GB/s")
      case .operationsPerSecond: (1e-9, name == .multiplyInt8 ? "Gop/s" : "GFLOP/s")
      }
    func text(_ value: Double) -> String {
      fixed(value * scale, value * scale >= 1000 ? 0 : value * scale >= 100 ? 1 : 2)
    }
    return (text(median), text(best), unit)
  }
}
