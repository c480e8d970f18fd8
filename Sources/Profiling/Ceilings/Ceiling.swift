/// One limit of a device, as it was measured.
package struct Ceiling: Sendable, Equatable, Encodable {
  package enum Name: String, Sendable, CaseIterable, Encodable {
    case memoryRead, memoryWrite, memoryCopy, bufferCopy
    case writePageable, readPageable, writePinned, readPinned, writeMapped, readMapped
    case launchQueued, launchBackToBack, launchProfiled, launchAndFinish
    case multiplyF32, multiplyBF16, multiplyInt8
  }

  package enum Unit: String, Sendable, Encodable {
    case bytesPerSecond, operationsPerSecond, seconds
  }

  package var name: Name
  /// The middle of the repetitions, and the best: the highest rate, or the shortest time.
  package var median: Double
  package var best: Double
  /// What was done, and by which clock it was timed.
  package var method: String

  /// A rate: `amount` of bytes or operations in each of `seconds`.
  init(_ name: Name, amount: Double, in seconds: Samples, method: String) {
    self.init(name, median: amount / seconds.median, best: amount / seconds.least, method: method)
  }

  /// A time.
  init(_ name: Name, _ seconds: Samples, method: String) {
    self.init(name, median: seconds.median, best: seconds.least, method: method)
  }

  package init(_ name: Name, median: Double, best: Double, method: String) {
    self.name = name
    self.median = median
    self.best = best
    self.method = method
  }

  package var unit: Unit { name.unit }

  private enum Key: CodingKey { case name, title, median, best, unit, method }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(name, forKey: .name)
    try container.encode(name.title, forKey: .title)
    try container.encode(median, forKey: .median)
    try container.encode(best, forKey: .best)
    try container.encode(unit, forKey: .unit)
    try container.encode(method, forKey: .method)
  }
}

extension Ceiling.Name {
  /// In clpeak's words.
  package var title: String {
    switch self {
    case .memoryRead: "Global memory bandwidth, read"
    case .memoryWrite: "Global memory bandwidth, write"
    case .memoryCopy: "Global memory bandwidth, copy"
    case .bufferCopy: "Global memory bandwidth, enqueueCopyBuffer"
    case .writePageable: "Transfer bandwidth, enqueueWriteBuffer"
    case .readPageable: "Transfer bandwidth, enqueueReadBuffer"
    case .writePinned: "Transfer bandwidth, enqueueWriteBuffer, pinned"
    case .readPinned: "Transfer bandwidth, enqueueReadBuffer, pinned"
    case .writeMapped: "Transfer bandwidth, memcpy to mapped ptr"
    case .readMapped: "Transfer bandwidth, memcpy from mapped ptr"
    case .launchQueued: "Kernel launch latency, queued to start"
    case .launchBackToBack: "Kernel launch latency, back to back"
    case .launchProfiled: "Kernel launch latency, back to back, profiled"
    case .launchAndFinish: "Kernel launch latency, launch and finish"
    case .multiplyF32: "Single-precision compute"
    case .multiplyBF16: "bf16 compute"
    case .multiplyInt8: "Integer compute, int8"
    }
  }

  package var unit: Ceiling.Unit {
    switch self {
    case .launchQueued, .launchBackToBack, .launchProfiled, .launchAndFinish: .seconds
    case .multiplyF32, .multiplyBF16, .multiplyInt8: .operationsPerSecond
    default: .bytesPerSecond
    }
  }
}
