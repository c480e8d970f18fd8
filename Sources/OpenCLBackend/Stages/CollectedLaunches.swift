import OpenCL

/// Launches that wait to become the stages of one.
struct CollectedLaunches {
  struct Stage {
    let key: KernelKey
    /// Work-items, and how many of them lie beside each other.
    let items: Int
    let width: Int
    /// In `arguments`.
    var arguments: Range<Int>
  }

  private(set) var stages: [Stage] = []
  private(set) var arguments: [KernelValue] = []

  var isEmpty: Bool { stages.isEmpty }

  mutating func begin(_ key: KernelKey, _ shape: LaunchShape) {
    let width = shape.global.x
    stages.append(
      Stage(key: key, items: width * shape.global.y, width: width, arguments: arguments.count..<arguments.count))
  }

  /// Of the stage that was begun last.
  mutating func append(_ argument: KernelValue) {
    arguments.append(argument)
    let last = stages.count - 1
    stages[last].arguments = stages[last].arguments.lowerBound..<arguments.count
  }

  mutating func removeAll() {
    stages.removeAll(keepingCapacity: true)
    arguments.removeAll(keepingCapacity: true)
  }
}
