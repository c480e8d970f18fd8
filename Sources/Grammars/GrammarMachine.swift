/// Runs a program over bytes: a deterministic machine, whose states are made as they are met.
struct GrammarMachine: Sendable {
  /// Where a way through the program has come to: a place, and the places behind which calls go on.
  private struct Thread: Hashable, Comparable {
    /// `ended` at the end of the text.
    var place: Int32
    var stack: Int32

    static let ended: Int32 = -1

    static func < (a: Thread, b: Thread) -> Bool { (a.place, a.stack) < (b.place, b.stack) }
  }

  private let program: GrammarProgram
  private var stacks = PlaceStacks()
  private var numbers: [[Thread]: Int32] = [:]
  private var states: [[Thread]] = []
  /// By state and byte: the next state, `dead`, or `unknown`.
  private var transitions: [Int32] = []
  /// By state: bytes to the end of the text at least.
  private var rest: [Int] = []

  static let dead: Int32 = -1
  private static let unknown: Int32 = -2
  /// Places on a stack: how deep values may lie in each other.
  private static let mostPlaces = 160
  /// Places that are followed from one byte to the next: what a schema of many nested alternatives has beyond them does not come.
  private static let mostFollowed = 100_000
  /// States that are kept before the machine begins anew.
  static let mostStates = 20_000

  private(set) var start: Int32 = 0

  init(_ program: GrammarProgram) {
    self.init(empty: program)
    start = number(follow([Thread(place: program.start, stack: PlaceStacks.empty)]))
  }

  /// Without a state.
  private init(empty program: GrammarProgram) { self.program = program }

  var stateCount: Int { states.count }

  /// Whether the text may end here.
  func accepts(_ state: Int32) -> Bool { rest[Int(state)] == 0 }

  /// Whether the text has to end here.
  func isComplete(_ state: Int32) -> Bool { states[Int(state)].allSatisfy { $0.place == Thread.ended } }

  func shortest(from state: Int32) -> Int { rest[Int(state)] }

  /// The state behind a byte, or `dead`.
  mutating func step(_ state: Int32, _ byte: UInt8) -> Int32 {
    let place = Int(state) << 8 | Int(byte)
    if transitions[place] != Self.unknown { return transitions[place] }
    let taken = states[Int(state)].compactMap { thread -> Thread? in
      guard thread.place != Thread.ended, case .bytes(let set, let next) = program.code[Int(thread.place)],
        set.contains(byte)
      else { return nil }
      return Thread(place: next, stack: thread.stack)
    }
    let threads = follow(taken)
    transitions[place] = threads.isEmpty ? Self.dead : number(threads)
    return transitions[place]
  }

  /// A machine without the states of this one, but for `state`, which is its start.
  func forgetting(allBut state: Int32) -> GrammarMachine {
    var fresh = GrammarMachine(empty: program)
    fresh.start = fresh.number(
      states[Int(state)].map { thread in
        let places = stacks.places(of: thread.stack).reversed()
        return Thread(
          place: thread.place, stack: places.reduce(PlaceStacks.empty) { fresh.stacks.push($1, on: $0) })
      })
    return fresh
  }

  private mutating func number(_ threads: [Thread]) -> Int32 {
    let state = threads.sorted()
    if let known = numbers[state] { return known }
    let number = Int32(states.count)
    numbers[state] = number
    states.append(state)
    transitions.append(contentsOf: repeatElement(Self.unknown, count: 256))
    rest.append(state.map(shortest).min() ?? GrammarProgram.endless)
    return number
  }

  private func shortest(_ thread: Thread) -> Int {
    guard thread.place != Thread.ended else { return 0 }
    let own = program.shortest[Int(thread.place)]
    return stacks.places(of: thread.stack).reduce(own) { $0 + program.shortest[Int($1)] }
  }

  /// Follows threads to all places where they take a byte, each once: a rule that leads to itself leads nowhere new.
  private mutating func follow(_ threads: [Thread]) -> [Thread] {
    var pending = threads
    var seen: Set<Thread> = []
    var found: [Thread] = []
    while let thread = pending.popLast(), seen.count < Self.mostFollowed {
      guard seen.insert(thread).inserted else { continue }
      guard thread.place != Thread.ended else {
        found.append(thread)
        continue
      }
      switch program.code[Int(thread.place)] {
      case .bytes: found.append(thread)
      case .end where thread.stack == PlaceStacks.empty:
        pending.append(Thread(place: Thread.ended, stack: PlaceStacks.empty))
      case .end: pending.append(Thread(place: stacks.top(of: thread.stack), stack: stacks.below(thread.stack)))
      case .split(let places): for place in places { pending.append(Thread(place: place, stack: thread.stack)) }
      case .call(let rule, let next):
        var stack = thread.stack
        // The end of a rule behind a call need not be kept.
        if case .end = program.code[Int(next)] {} else { stack = stacks.push(next, on: stack) }
        // With the rule's own place.
        guard stacks.count(of: stack) < Self.mostPlaces else { continue }
        pending.append(Thread(place: rule, stack: stack))
      }
    }
    return found
  }
}
