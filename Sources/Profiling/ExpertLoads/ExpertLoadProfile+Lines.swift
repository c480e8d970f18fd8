import Engine

extension ExpertLoadProfile {
  /// A table for a person, one line a batch size.
  package var lines: [String] {
    let head = [
      "batch", "experts met", "MB read", "ms", "GB/s", "of ceiling", "GFLOP/s", "of ceiling", "FLOP/byte", "bound by",
    ]
    let rows = loads.map { load in
      [
        "\(load.batch)", fixed(load.expertsTouched, 1), fixed(load.bytes / 1e6, 1), fixed(load.eventSeconds * 1e3, 3),
        fixed(load.bytesPerSecond / 1e9, 2), fixed(load.shareOfBandwidth * 100, 1) + " %",
        fixed(load.operationsPerSecond / 1e9, 1), fixed(load.shareOfRate * 100, 1) + " %", fixed(load.intensity, 2),
        load.bound.rawValue,
      ]
    }
    var lines = [
      "\(device), experts of \(model): \(experts) a layer, of which a row meets \(chosenExperts); "
        + "\(readable(Int(expertBytes))) each; \(layers) layer\(layers > 1 ? "s" : "") of random weights",
      "choices: \(choices)",
    ]
    if let load = loads.first {
      lines.append(
        "ceilings: \(fixed(load.bandwidth / 1e9, 2)) GB/s read, \(fixed(load.rate / 1e9, 1)) GFLOP/s in bf16; they meet at "
          + "\(fixed(load.rate / load.bandwidth, 1)) FLOP/byte")
    }
    lines += Table(rows: [head] + rows, right: Set(0...8)).lines
    let (events, wall) = (loads.reduce(0) { $0 + $1.eventSeconds }, loads.reduce(0) { $0 + $1.wallSeconds })
    lines.append(
      "all batches together: \(fixed(events * 1e3, 2)) ms by events, \(fixed(wall * 1e3, 2)) ms by the host's clock "
        + "(\(fixed(eventsOverWall * 100, 1)) %)")
    return lines
  }
}
