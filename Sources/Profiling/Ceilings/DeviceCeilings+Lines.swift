import Engine

extension DeviceCeilings {
  /// A table for a person, one line a ceiling.
  package var lines: [String] {
    let rows = ceilings.map { ceiling in
      let (scale, unit) = Self.scale(ceiling)
      return [
        ceiling.name.title, Self.number(ceiling.median * scale), Self.number(ceiling.best * scale), unit,
        ceiling.method,
      ]
    }
    return ["\(device), driver \(driver), buffers of \(bufferBytes >> 20) MiB"]
      + Table(rows: [["", "median", "best", "", "how"]] + rows, right: [1, 2]).lines
  }

  private static func scale(_ ceiling: Ceiling) -> (Double, String) {
    switch ceiling.unit {
    case .seconds: (1e6, "µs")
    case .bytesPerSecond: (1e-9, "GB/s")
    case .operationsPerSecond: (1e-9, ceiling.name == .multiplyInt8 ? "Gop/s" : "GFLOP/s")
    }
  }

  /// With four digits or so.
  private static func number(_ value: Double) -> String {
    let decimals = value >= 1000 ? 0 : value >= 100 ? 1 : 2
    return fixed(value, decimals)
  }
}
