import OpenCL

/// What the program of a kernel of stages depends on: which stages, and which of their arguments are the same buffers.
struct StagesLayout: Equatable {
  /// What an argument of a stage is; a buffer by its place among the different ones.
  enum Slot: Equatable {
    case int, uint, float
    case buffer(Int)

    /// The parameter's type in OpenCL C.
    var type: String {
      switch self {
      case .int: "int"
      case .uint: "uint"
      case .float: "float"
      case .buffer: "__global void *"
      }
    }
  }

  struct Stage: Equatable {
    var key: KernelKey
    var slots: [Slot]
  }

  private(set) var stages: [Stage] = []
  private(set) var bufferCount = 0
  var scalarCount: Int { stages.reduce(0) { $0 + $1.slots.count { !$0.isBuffer } } }

  /// Bytes of the kernel's arguments.
  var parameterBytes: Int { 8 + 4 + bufferCount * 8 + (stages.count * 2 + scalarCount) * 4 }

  /// - Parameter buffers: gets the different buffers, in the order of their places.
  init(_ launches: CollectedLaunches, buffers: inout [BufferView]) {
    for stage in launches.stages {
      let slots = launches.arguments[stage.arguments].map { argument -> Slot in
        switch argument {
        case .int: return .int
        case .uint: return .uint
        case .float: return .float
        case .buffer(let view):
          if let known = buffers.firstIndex(where: { $0.isSame(as: view) }) { return .buffer(known) }
          buffers.append(view)
          return .buffer(buffers.count - 1)
        }
      }
      stages.append(Stage(key: stage.key, slots: slots))
    }
    bufferCount = buffers.count
  }
}

extension StagesLayout.Slot {
  var isBuffer: Bool { if case .buffer = self { true } else { false } }
}
