/// Stacks of places, which share what lies below: a stack is a number, 0 the empty one.
struct PlaceStacks: Sendable {
  private struct Node: Hashable {
    var top: Int32
    var below: Int32
  }

  private var nodes = [Node(top: -1, below: -1)]
  private var numbers: [Node: Int32] = [:]
  private var counts: [Int32] = [0]

  static let empty: Int32 = 0

  func top(of stack: Int32) -> Int32 { nodes[Int(stack)].top }
  func below(_ stack: Int32) -> Int32 { nodes[Int(stack)].below }
  func count(of stack: Int32) -> Int { Int(counts[Int(stack)]) }

  mutating func push(_ place: Int32, on stack: Int32) -> Int32 {
    let node = Node(top: place, below: stack)
    if let known = numbers[node] { return known }
    let number = Int32(nodes.count)
    nodes.append(node)
    counts.append(counts[Int(stack)] + 1)
    numbers[node] = number
    return number
  }

  /// The places of a stack, the top first.
  func places(of stack: Int32) -> [Int32] {
    var places: [Int32] = []
    var stack = stack
    while stack != Self.empty {
      places.append(top(of: stack))
      stack = below(stack)
    }
    return places
  }
}
