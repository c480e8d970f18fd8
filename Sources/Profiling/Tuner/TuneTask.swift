import Backend
import OpenCL
import OpenCLBackend

/// What is tuned at once: one op, format and number of rows, and the ways to cut it that are tried.
struct TuneTask {
  var key: Tuning.Key
  /// The first one is the rule's.
  var candidates: [Tuning.Cut]

  /// Rows of a class that stand for it.
  static func rowCount(_ rows: Tuning.Rows) -> Int {
    switch rows {
    case .one: 1
    case .few: 16
    case .many: 256
    }
  }

  /// - Throws: `ProfilingError` for kernels that have no numbers to tune.
  static func all(_ device: Device, _ plan: DevicePlan, formats: [ElementFormat]) throws -> [TuneTask] {
    switch plan.style {
    case .cpu: cpu(formats)
    case .gpu: gpu(device, plan, formats)
    case .mma:
      throw ProfilingError(
        "the kernels on matrix units that device \"\(device.name)\" runs have no numbers to tune; expected --variant gpu"
      )
    }
  }

  /// One row is one item a panel, whatever the other numbers are; several meet weights that are in a cache.
  private static func cpu(_ formats: [ElementFormat]) -> [TuneTask] {
    let cuts = [2, 4, 8, 16, 32].flatMap { items in
      [64, 128, 256, 512].map { Tuning.Cut(itemsPerUnit: items, itemRows: $0) }
    }
    let few = [2, 4, 8, 16, 32].map { Tuning.Cut(itemsPerUnit: $0) }
    let fetches = [0, 4096, 8192, 16384].map { Tuning.Cut(fetchBytes: $0) }
    let products = formats.flatMap { format in
      [
        TuneTask(key: Tuning.Key(.linear, format, .one), candidates: [Tuning.Cut()] + fetches),
        TuneTask(key: Tuning.Key(.experts, format, .one), candidates: [Tuning.Cut()] + fetches),
        TuneTask(key: Tuning.Key(.linear, format, .few), candidates: [Tuning.Cut()] + few),
        TuneTask(key: Tuning.Key(.linear, format, .many), candidates: [Tuning.Cut()] + cuts),
      ]
    }
    let entries = [32, 64, 128, 256, 512].map { Tuning.Cut(itemRows: $0) }
    return products + [TuneTask(key: Tuning.Key(.grouping, nil, .many), candidates: [Tuning.Cut()] + entries)]
  }

  private static func gpu(_ device: Device, _ plan: DevicePlan, _ formats: [ElementFormat]) -> [TuneTask] {
    formats.flatMap { format in
      [Tuning.Op.linear, .experts].flatMap { op in
        Tuning.Rows.allCases.map { rows in
          TuneTask(
            key: Tuning.Key(op, format, rows),
            candidates: [Tuning.Cut()] + tiles(device, plan, format, hasRows: op == .linear))
        }
      }
    }
  }

  /// The tiles that fit: sums of a work-item into registers, operands into local memory, and where weights come in blocks
  /// at least a word of codes for each work-item.
  private static func tiles(
    _ device: Device, _ plan: DevicePlan, _ format: ElementFormat, hasRows: Bool
  ) -> [Tuning.Cut] {
    let threads = plan.threadsM * DevicePlan.threadsN
    let isBlocks = format.block != nil
    let local = device.localMemory > 0 ? device.localMemory : 16 << 10
    return (hasRows ? [1, 2, 4, 8] : [4]).flatMap { m in
      [2, 4, 8].flatMap { n in
        (isBlocks ? [32] : [8, 16, 32]).compactMap { k in
          let (blockM, blockN) = (plan.threadsM * m, DevicePlan.threadsN * n)
          // Gate and up have weights of their own.
          let operands = 4 * k * (blockM + 1 + 2 * (blockN + 1)) + 8 * blockM
          guard m * n <= 32, operands <= local else { return nil }
          if isBlocks, blockN > threads || k * blockN / threads < 8 { return nil }
          return Tuning.Cut(tileM: hasRows ? m : nil, tileN: n, blockK: k)
        }
      }
    }
  }
}
