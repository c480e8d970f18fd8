import OpenCL

/// Launches that wait to become the stages of one, as `Kernels/Common/stages.clh` has them.
struct StageTable: ~Copyable {
  /// The stages' words, with functions numbered as in `functions`.
  private(set) var words: [Int32] = []
  private(set) var count = 0
  private(set) var buffers: [KernelValue.RawBuffer] = []
  private(set) var functions: [StageFunction] = []
  private var begin = 0
  /// Whether the stage that was begun last is the first of its function, so that its parameters are not known.
  private var isFirst = false

  static let headWords = 4

  mutating func start(_ key: KernelKey, _ shape: LaunchShape) {
    var index = functions.firstIndex { $0.key == key }
    isFirst = index == nil
    if isFirst {
      index = functions.count
      functions.append(StageFunction(key: key))
    }
    begin = words.count
    count += 1
    let width = shape.global.x
    words += [Int32(Self.headWords), Int32(index ?? 0), Int32(width * shape.global.y), Int32(width)]
  }

  /// An argument of the stage that was started last.
  mutating func append(_ argument: KernelValue) {
    if isFirst { functions[functions.count - 1].parameters.append(StageFunction.Parameter(argument)) }
    words[begin] += 1
    switch argument {
    case .int(let value): words.append(value)
    case .uint(let value): words.append(Int32(bitPattern: value))
    case .float(let value): words.append(Int32(bitPattern: value.bitPattern))
    case .buffer(let buffer): words.append(Int32(place(of: buffer)))
    }
  }

  private mutating func place(of buffer: KernelValue.RawBuffer) -> Int {
    if let known = buffers.firstIndex(of: buffer) { return known }
    buffers.append(buffer)
    return buffers.count - 1
  }

  /// Whether all its functions are among these.
  func uses(only known: [KernelKey]) -> Bool { functions.allSatisfy { known.contains($0.key) } }

  /// The words with functions numbered as they stand in a list that has them all.
  func words(numberedAs known: [KernelKey]) -> [Int32] {
    let numbers = functions.map { function in known.firstIndex(of: function.key) ?? 0 }
    guard numbers != Array(functions.indices) else { return words }
    var renumbered = words
    var stage = 0
    while stage < words.count {
      renumbered[stage + 1] = Int32(numbers[Int(words[stage + 1])])
      stage += Int(words[stage])
    }
    return renumbered
  }

  /// Forgets the stages, and what they used.
  mutating func removeAll() {
    buffers.removeAll(keepingCapacity: true)
    words.removeAll(keepingCapacity: true)
    functions.removeAll(keepingCapacity: true)
    count = 0
  }
}
