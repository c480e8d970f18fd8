import Foundation

/// A second process that runs the cases of `strata validate` from their end. A driver's compiler often builds one kernel at a time in
/// a process; one that keeps what it has built in files has built the later half by the time the first process comes to it.
struct BuildingAhead {
  /// Cases from which on it is worth a process.
  static let leastCases = 100
  /// Seconds that the case which the other process is at may still take.
  private static let grace = 60.0

  private let count: Int
  private let process = Process()
  /// Its end ends the other process behind the case that it is at.
  private let input = Pipe()
  /// A byte for each case that is done.
  private let output = Pipe()
  private var done = 0
  private var isOver = false

  /// - Parameters:
  ///   - arguments: of `strata`, which choose the cases.
  ///   - count: of cases.
  /// - Throws: if no process can be started.
  init(_ arguments: [String], count: Int) throws {
    self.count = count
    process.executableURL = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    process.arguments = arguments + ["--backwards"]
    process.standardInput = input
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
  }

  /// Ends the other process where the two have met.
  /// - Parameter own: cases that are done here.
  mutating func meet(own: Int) {
    let descriptor = output.fileHandleForReading.fileDescriptor
    while !isOver, Self.isReady(descriptor) {
      let count = output.fileHandleForReading.availableData.count
      done += count
      if count == 0 { end() }
    }
    if own + done >= count { end() }
  }

  mutating func end() {
    guard !isOver else { return }
    isOver = true
    try? input.fileHandleForWriting.close()
  }

  /// Whether the process that this one builds for wants no more.
  static var isWanted: Bool { !isReady(STDIN_FILENO) }

  /// Ends this process a while after nobody wants more of it, whatever a compiler is at.
  static func leaveWhenUnwanted() {
    Thread.detachNewThread {
      while !isReady(STDIN_FILENO, waiting: -1) {}
      Thread.sleep(forTimeInterval: grace)
      _exit(0)
    }
  }

  /// Whether there is something to read, or nothing will come any more.
  /// - Parameter waiting: for it, milliseconds at most, -1 without an end.
  private static func isReady(_ descriptor: Int32, waiting: Int32 = 0) -> Bool {
    var asked = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return poll(&asked, 1, waiting) > 0
  }
}
