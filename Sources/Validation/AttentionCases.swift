import Backend

extension AttentionCase {
  static var all: [any OpCase] {
    let decode = [0, 1, 15, 16, 17, 62, 63, 64, 65, 127, 128, 200].map { $0..<$0 + 1 }
    let mixed = [5..<6, 70..<71, 0..<7, 0..<33, 60..<69, 64..<80]
    let batches: [[Range<Int>]] = [[], [0..<1], decode, mixed, [0..<130], [120..<137]]
    // Several times as long as what a kernel takes at once.
    let long = [(4, 1, 64), (8, 2, 128)].map {
      AttentionCase(
        queryHeads: $0.0, keyValueHeads: $0.1, headSize: $0.2, hasNorm: true,
        sequences: [700..<701, 255..<256, 256..<257, 500..<530, 1030..<1033])
    }
    let heads = [(1, 1, 2), (4, 2, 32), (6, 2, 32), (8, 8, 64), (4, 1, 80), (8, 2, 128)]
    let cases = heads.enumerated().flatMap { index, shape in
      batches.map {
        AttentionCase(
          queryHeads: shape.0, keyValueHeads: shape.1, headSize: shape.2, hasNorm: index % 2 == 0, sequences: $0)
      }
    }
    // In the middle of a tile of rows, at its ends, and behind a whole chunk of the context.
    let poisoned = [3, 7, 8, 64, 69].map {
      AttentionCase(
        queryHeads: 4, keyValueHeads: 2, headSize: 32, hasNorm: true, sequences: [0..<80, 60..<75], nanPosition: $0)
    }
    let extremes = [(true, Extreme.large), (false, .large), (true, .denormals), (false, .denormals)].map {
      AttentionCase(
        queryHeads: 4, keyValueHeads: 2, headSize: 32, hasNorm: $0.0, sequences: [0..<20, 60..<70], extreme: $0.1)
    }
    return cases + long + poisoned + windows + wide + latent + extremes + neighbours + sizes + contexts
  }

  /// GPT-OSS: windows shorter and longer than a chunk and a tile, with a NaN that leaves the window.
  private static var windows: [any OpCase] {
    let sequences: [[Range<Int>]] = [[0..<130], [5..<6, 70..<71, 0..<33, 60..<69, 300..<317], [700..<701, 500..<530]]
    let shapes = [(1, true), (16, true), (17, false), (64, true), (100, false), (128, true)]
    return shapes.flatMap { window, hasSinks in
      sequences.map {
        AttentionCase(
          queryHeads: 4, keyValueHeads: 2, headSize: 32, hasNorm: false, sequences: $0, window: window,
          hasSinks: hasSinks)
      }
    } + [
      AttentionCase(
        queryHeads: 4, keyValueHeads: 1, headSize: 64, hasNorm: false, sequences: [0..<130, 200..<201], hasSinks: true),
      AttentionCase(
        queryHeads: 4, keyValueHeads: 2, headSize: 32, hasNorm: false, sequences: [0..<80, 60..<75], nanPosition: 8,
        window: 16, hasSinks: true),
    ]
  }

  /// OLMoE.
  private static var wide: [any OpCase] {
    [(4, 2, 32), (3, 1, 20)].map {
      AttentionCase(
        queryHeads: $0.0, keyValueHeads: $0.1, headSize: $0.2, hasNorm: true, sequences: [0..<33, 5..<6, 60..<69],
        isWide: true)
    }
  }

  /// DeepSeek's, on compressed positions.
  private static var latent: [any OpCase] {
    let batches: [[Range<Int>]] = [
      [0..<1], [0..<130], [5..<6, 70..<71, 0..<33, 60..<69, 300..<301], [0..<1, 15..<16, 64..<65, 130..<131],
    ]
    return [(4, 64, 48), (3, 26, 20), (16, 320, 288)].flatMap { heads, size, prefix in
      batches.map {
        AttentionCase(
          queryHeads: heads, keyValueHeads: 1, headSize: size, hasNorm: true, sequences: $0, valuePrefix: prefix)
      }
    } + [
      AttentionCase(
        queryHeads: 4, keyValueHeads: 1, headSize: 40, hasNorm: true, sequences: [0..<80, 60..<75], nanPosition: 8,
        valuePrefix: 32)
    ]
  }

  /// Rows by themselves and several of a sequence, at the ends of blocks and inside.
  private static var neighbours: [any OpCase] {
    let single = [0, 14, 15, 16, 65].map { $0..<$0 + 1 }
    let mixed = [5..<6, 70..<71, 0..<33, 60..<69]
    return [
      AttentionCase(
        queryHeads: 4, keyValueHeads: 2, headSize: 32, hasNorm: true, sequences: single, hasNeighbours: true),
      AttentionCase(
        queryHeads: 4, keyValueHeads: 2, headSize: 32, hasNorm: true, sequences: mixed, hasNeighbours: true),
      AttentionCase(
        queryHeads: 4, keyValueHeads: 2, headSize: 32, hasNorm: false, sequences: single + mixed, window: 16,
        hasSinks: true, hasNeighbours: true),
      AttentionCase(
        queryHeads: 4, keyValueHeads: 1, headSize: 64, hasNorm: true, sequences: single + mixed, valuePrefix: 48,
        hasNeighbours: true),
    ]
  }

  /// The largest heads that matrix units take, and larger ones.
  private static var sizes: [any OpCase] {
    [256, 264].map {
      AttentionCase(
        queryHeads: 2, keyValueHeads: 1, headSize: $0, hasNorm: false, sequences: [5..<6, 0..<33, 60..<69, 300..<301])
    }
  }

  /// The end of 32k positions.
  private static var contexts: [any OpCase] {
    [(32767..<32768, nil), (32765..<32770, nil), (32765..<32770, 128)].map { positions, window in
      AttentionCase(
        queryHeads: 2, keyValueHeads: 1, headSize: 32, hasNorm: false, sequences: [positions], window: window,
        hasSinks: window != nil)
    }
  }
}
