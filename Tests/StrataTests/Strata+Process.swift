import Foundation
import Synchronization
import Testing

extension Strata {
  /// Where the child's standard output goes, if a shell does not say.
  enum Output {
    case pipe
    /// A pipe that is closed after so many bytes.
    case head(Int)
    /// A socket that keeps writes apart: one piece a write.
    case packets
  }

  /// A child that takes longer hangs.
  private static let secondsToLive = 180

  /// Runs `strata` with `arguments` to its end.
  ///
  /// - Parameters:
  ///   - environment: variables besides those of all tests.
  ///   - shell: a command of sh that runs `"$0" "$@"`, in the executable's place.
  static func run(
    _ arguments: String..., environment: [String: String] = [:], shell: String? = nil, output: Output = .pipe
  ) async throws -> Outcome {
    try await run(arguments, environment: environment, shell: shell, output: output)
  }

  static func run(
    _ arguments: [String], environment: [String: String] = [:], shell: String? = nil, output: Output = .pipe
  ) async throws -> Outcome {
    try #require(FileManager.default.isExecutableFile(atPath: executable), "\(executable) has not been built")
    let process = Process()
    process.executableURL = URL(fileURLWithPath: shell == nil ? executable : "/bin/sh")
    process.arguments = (shell.map { ["-c", $0, executable] } ?? []) + arguments
    process.environment = Self.environment.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    let results = try Channel(isSocket: output.isSocket)
    let errors = try Channel(isSocket: false)
    process.standardOutput = results.end
    process.standardError = errors.end
    let (ended, end) = AsyncStream<Never>.makeStream()
    process.terminationHandler = { _ in end.finish() }

    await gate.enter()
    do { try spawning.withLock { _ in try process.run() } } catch {
      await gate.leave()
      throw error
    }
    try results.end.close()
    try errors.end.close()
    let child = process.processIdentifier
    let hangs = Mutex(false)
    let watch = Task {
      try await Task.sleep(for: .seconds(secondsToLive))
      hangs.withLock { $0 = true }
      kill(child, SIGKILL)
    }
    async let pieces = results.read(limit: output.limit)
    async let lines = errors.read(limit: nil)
    let (written, told) = await (pieces, lines)
    for await _ in ended {}
    watch.cancel()
    await gate.leave()
    let wasKilled = hangs.withLock { $0 }
    #expect(!wasKilled, "strata \(arguments) hangs: it was killed after \(secondsToLive) s")
    let isSignal = process.terminationReason == .uncaughtSignal
    return Outcome(
      status: isSignal ? nil : process.terminationStatus, signal: isSignal ? process.terminationStatus : nil,
      pieces: written, errors: String(decoding: Data(told.joined()), as: UTF8.self))
  }

  /// Held while a pipe is made and while a child starts, which would inherit a pipe that is not yet closed on exec.
  fileprivate static let spawning = Mutex(())

  /// As many children at once as there are cores.
  private static let gate = Gate(ProcessInfo.processInfo.activeProcessorCount)
}

extension Strata.Output {
  fileprivate var isSocket: Bool { if case .packets = self { true } else { false } }
  fileprivate var limit: Int? { if case .head(let count) = self { count } else { nil } }
}

/// Our end and the child's end of one of its outputs.
private struct Channel {
  private let descriptor: Int32
  let end: FileHandle

  init(isSocket: Bool) throws {
    var ends: [Int32] = [-1, -1]
    let made = Strata.spawning.withLock { _ in
      let made = isSocket ? socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue), 0, &ends) : pipe(&ends)
      for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
      return made
    }
    try #require(made == 0, "no pipe: error \(errno)")
    descriptor = ends[0]
    end = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
  }

  /// What comes, read by read, up to its end or to `limit` bytes; then our end is closed. Blocks a thread of its own.
  func read(limit: Int?) async -> [Data] {
    let descriptor = descriptor
    return await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        var pieces: [Data] = []
        var rest = limit ?? .max
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while rest > 0 {
          let count = Foundation.read(descriptor, &buffer, min(rest, buffer.count))
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { break }
          pieces.append(Data(buffer[..<count]))
          rest -= count
        }
        close(descriptor)
        continuation.resume(returning: pieces)
      }
    }
  }
}

/// Lets a number of tasks through at once; the others wait in line.
private actor Gate {
  private var places: Int
  private var line: [CheckedContinuation<Void, Never>] = []

  init(_ places: Int) { self.places = places }

  func enter() async {
    if places > 0 {
      places -= 1
    } else {
      await withCheckedContinuation { line.append($0) }
    }
  }

  func leave() {
    if line.isEmpty {
      places += 1
    } else {
      line.removeFirst().resume()
    }
  }
}
