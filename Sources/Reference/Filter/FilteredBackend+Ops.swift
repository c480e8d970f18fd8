package import Backend

extension FilteredBackend {
  package func embed(_ batch: Batch, rows: Range<Int>, table: Matrix, scale: Float, into out: Activation) throws {
    guard isFiltered(.embedding) else {
      return try device.embed(batch.device, rows: rows, table: table.device, scale: scale, into: out.device)
    }
    let made = try lent(out, rows: rows.upperBound)
    reference.embed(batch.reference, rows: rows, table: table.reference, scale: scale, into: made)
    try giveBack(made, rows: rows, to: out)
  }

  package func rmsNorm(_ x: Activation, weight: Vector, epsilon: Float, rows: Int, into out: Activation) throws {
    guard isFiltered(.norm) else {
      return try device.rmsNorm(x.device, weight: weight.device, epsilon: epsilon, rows: rows, into: out.device)
    }
    let made = try lent(out, rows: rows)
    reference.rmsNorm(try lent(x, rows: rows), weight: weight.reference, epsilon: epsilon, rows: rows, into: made)
    try giveBack(made, rows: 0..<rows, to: out)
  }

  package func linear(
    _ x: Activation, _ weight: Matrix, options: LinearOptions<Vector>, rows: Int, into out: Activation
  ) throws {
    guard isFiltered(.linear) else {
      return try device.linear(
        x.device, weight.device, options: options.map(\.device), rows: rows, into: out.device)
    }
    let made = try lent(out, rows: rows)
    reference.linear(
      try lent(x, rows: rows), weight.reference, options: options.map(\.reference), rows: rows, into: made)
    try giveBack(made, rows: 0..<rows, to: out)
  }

  package func multiplyHeads(
    _ x: Activation, headSize: Int, _ weights: Matrix, rows: Int, into out: Activation
  ) throws {
    guard isFiltered(.headProducts) else {
      return try device.multiplyHeads(
        x.device, headSize: headSize, weights.device, rows: rows, into: out.device)
    }
    let made = try lent(out, rows: rows)
    reference.multiplyHeads(try lent(x, rows: rows), headSize: headSize, weights.reference, rows: rows, into: made)
    try giveBack(made, rows: 0..<rows, to: out)
  }

  package func prepareHeads(
    _ qkv: Activation, _ heads: HeadOptions<Vector>, batch: Batch, rows: Int, cache: KVCache
  ) throws {
    guard let own = cache.reference else {
      return try device.prepareHeads(
        qkv.device, heads.map(\.device), batch: batch.device, rows: rows, cache: cache.device)
    }
    let made = try lent(qkv, rows: rows)
    reference.prepareHeads(made, heads.map(\.reference), batch: batch.reference, rows: rows, cache: own)
    try giveBack(made, rows: 0..<rows, to: qkv)
  }

  package func attention(
    _ qkv: Activation, shape: AttentionShape, sinks: Vector?, batch: Batch, rows: Int, cache: KVCache,
    into out: Activation
  ) throws {
    guard let own = cache.reference else {
      return try device.attention(
        qkv.device, shape: shape, sinks: sinks?.device, batch: batch.device, rows: rows, cache: cache.device,
        into: out.device)
    }
    let made = try lent(out, rows: rows)
    reference.attention(
      try lent(qkv, rows: rows), shape: shape, sinks: sinks?.reference, batch: batch.reference, rows: rows, cache: own,
      into: made)
    try giveBack(made, rows: 0..<rows, to: out)
  }

  package func attend(
    _ qkv: Activation, _ heads: HeadOptions<Vector>, sinks: Vector?, batch: Batch, rows: Int, cache: KVCache,
    into out: Activation
  ) throws {
    guard cache.reference != nil else {
      return try device.attend(
        qkv.device, heads.map(\.device), sinks: sinks?.device, batch: batch.device, rows: rows, cache: cache.device,
        into: out.device)
    }
    try prepareHeads(qkv, heads, batch: batch, rows: rows, cache: cache)
    try attention(qkv, shape: heads.shape, sinks: sinks, batch: batch, rows: rows, cache: cache, into: out)
  }

  package func copyRows(_ source: Activation, rows: Range<Int>, to destination: Activation, at start: Int) throws {
    guard isFiltered(.embedding) else {
      return try device.copyRows(source.device, rows: rows, to: destination.device, at: start)
    }
    try device.write(device.read(source.device, rows: rows), to: destination.device, at: start)
  }

  package func gatherRows(_ x: Activation, indices: [Int], into out: Activation) throws {
    guard isFiltered(.embedding) else {
      return try device.gatherRows(x.device, indices: indices, into: out.device)
    }
    let made = try lent(out, rows: indices.count)
    reference.gatherRows(try lent(x, rows: (indices.max() ?? -1) + 1), indices: indices, into: made)
    try giveBack(made, rows: indices.indices, to: out)
  }
}

extension LinearOptions {
  fileprivate func map<Other>(_ other: (Vector) -> Other) -> LinearOptions<Other> {
    LinearOptions<Other>(bias: bias.map(other), scale: scale, column: column, accumulate: accumulate)
  }
}

extension HeadOptions {
  fileprivate func map<Other>(_ other: (Vector) -> Other) -> HeadOptions<Other> {
    HeadOptions<Other>(
      shape: shape, queryNorm: queryNorm.map(other), keyNorm: keyNorm.map(other), normScope: .init(normScope),
      epsilon: epsilon, clip: clip, rotary: other(rotary), rotaryColumns: rotaryColumns, rotaryPairs: .init(rotaryPairs)
    )
  }
}

extension HeadOptions.NormScope {
  fileprivate init<Other>(_ other: HeadOptions<Other>.NormScope) {
    switch other {
    case .head: self = .head
    case .allHeads: self = .allHeads
    case .prefix(let count): self = .prefix(count)
    }
  }
}

extension HeadOptions.RotaryPairs {
  fileprivate init<Other>(_ other: HeadOptions<Other>.RotaryPairs) {
    switch other {
    case .halves: self = .halves
    case .neighbours: self = .neighbours
    }
  }
}
