/// Runs a program over bytes: a deterministic machine, whose states are made as they are met.
struct GrammarMachine: Sendable {
  /// A stack of places, the one where the thread is last; empty at the end of the text.
  typealias Thread = [Int32]

  private let program: GrammarProgram
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
  /// States that are kept before the machine begins anew.
  static let mostStates = 20_000

  private(set) var start: Int32 = 0

  init(_ program: GrammarProgram) {
    self.program = program
    var threads: Set<Thread> = []
    follow([program.start], into: &threads)
    start = number(threads)
  }

  var stateCount: Int { states.count }

  /// Whether the text may end here.
  func accepts(_ state: Int32) -> Bool { rest[Int(state)] == 0 }

  /// Whether the text has to end here.
  func isComplete(_ state: Int32) -> Bool { states[Int(state)] == [[]] }

  func shortest(from state: Int32) -> Int { rest[Int(state)] }

  /// The state behind a byte, or `dead`.
  mutating func step(_ state: Int32, _ byte: UInt8) -> Int32 {
    let place = Int(state) << 8 | Int(byte)
    if transitions[place] != Self.unknown { return transitions[place] }
    var threads: Set<Thread> = []
    for thread in states[Int(state)] {
      guard let top = thread.last, case .bytes(let set, let next) = program.code[Int(top)], set.contains(byte) else {
        continue
      }
      follow(thread.dropLast() + [next], into: &threads)
    }
    transitions[place] = threads.isEmpty ? Self.dead : number(threads)
    return transitions[place]
  }

  /// A machine without the states of this one, but for `state`, which is its start.
  func forgetting(allBut state: Int32) -> GrammarMachine {
    var fresh = self
    fresh.numbers = [:]
    fresh.states = []
    fresh.transitions = []
    fresh.rest = []
    fresh.start = fresh.number(Set(states[Int(state)]))
    return fresh
  }

  private mutating func number(_ threads: Set<Thread>) -> Int32 {
    let state = threads.sorted { $0.lexicographicallyPrecedes($1) }
    if let known = numbers[state] { return known }
    let number = Int32(states.count)
    numbers[state] = number
    states.append(state)
    transitions.append(contentsOf: repeatElement(Self.unknown, count: 256))
    rest.append(state.map { $0.reduce(0) { $0 + program.shortest[Int($1)] } }.min() ?? GrammarProgram.endless)
    return number
  }

  /// Follows a thread to all places where it takes a byte.
  private func follow(_ thread: Thread, into threads: inout Set<Thread>) {
    guard let top = thread.last else {
      threads.insert(thread)
      return
    }
    switch program.code[Int(top)] {
    case .bytes: threads.insert(thread)
    case .end: follow(thread.dropLast(), into: &threads)
    case .split(let places):
      for place in places { follow(thread.dropLast() + [place], into: &threads) }
    case .call(let rule, let next):
      var stack = Thread(thread.dropLast())
      // The end of a rule behind a call need not be kept.
      if case .end = program.code[Int(next)] {} else { stack.append(next) }
      guard stack.count < Self.mostPlaces else { return }
      follow(stack + [rule], into: &threads)
    }
  }
}
