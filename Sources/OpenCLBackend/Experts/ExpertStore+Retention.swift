import Backend

// Which experts stay, and which come ahead.
extension ExpertStore {
  /// How probable it is that an expert of this shelf is needed when its layer is visited next.
  func value(_ shelf: Shelf) -> (_ expert: Int, _ lastPass: Int) -> Double {
    let own = layers.filter { shelves[$0.shelfKey] === shelf }
    let expected = own.map { layer -> Double in
      if layer.layer < options.hostLayers { return -1 }
      let rows = layer.layer > lastLayer ? forecast.prefillRows : forecast.nextPrefillRows
      let count = rows.indices.contains(layer.layer) ? rows[layer.layer] : 0
      return min(1, Double(count) / Double(Self.rowsPerExpert * layer.expertCount) * Double(usage.chosen))
    }
    let perLayer = shelf.residency.expertsPerLayer
    let retention = options.retention
    shuffle &+= 1
    let turn = shuffle
    return { expert, lastPass in
      switch retention {
      case .lru: return Double(lastPass)
      case .random: return Double((UInt64(expert) &* 0x9E37_79B9_7F4A_7C15 ^ turn &* 0xBF58_476D_1CE4_E5B9) >> 11)
      case .auto, .frequency, .recency:
        let layer = expected[expert / perLayer]
        return layer < 0 ? -1 : max(layer, shelf.scores.score(expert, retention))
      }
    }
  }

  /// Asks for the experts of the layers that prompts reach next, whole layers, as far as slots are of little use.
  func fetchAhead(behind layer: Layer, chosen: Int, _ streamer: ExpertStreamer) {
    guard options.prefetches, options.retention != .random else { return }
    let behind = layers.firstIndex { $0 === layer } ?? 0
    let order = layers[(behind + 1)...] + layers[...behind]
    for (offset, next) in order.enumerated() {
      let rows = next.layer > layer.layer ? forecast.prefillRows : forecast.nextPrefillRows
      guard rows.indices.contains(next.layer), let shelf = shelves[next.shelfKey],
        bringsWholeLayers(next, rows: rows[next.layer], chosen: chosen)
      else { continue }
      let room = shelf.residency.slotCount / 2 - shelf.residency.aheadCount
      guard room > 0 else { return }
      let first = next.index * next.expertCount
      let missing = (0..<next.expertCount).filter { shelf.residency.slot(of: first + $0) == nil }
      let some = missing.prefix(room)
      let slots = shelf.residency.claim(
        some.map { first + $0 },
        ExpertResidency.Claim(
          layer: layer.index, visit: visits + offset + 1, isAhead: true, value: value(shelf)))
      streamer.add(zip(some, slots).map { transfer(next, $0, to: $1, shelf, .prefill, isAhead: true) })
      guard slots.count == missing.count else { return }
    }
  }
}
