/// The grouped products of one layer's experts for a batch of rows, as measured, and what follows from it.
package struct ExpertLoad: Sendable, Equatable, Encodable {
  package enum Bound: String, Sendable, Encodable { case memory, compute }

  /// Rows.
  package var batch: Int
  /// Experts that had a row: the mean of several layers.
  package var expertsTouched: Double
  /// Bytes of their weights.
  package var bytes: Double
  package var operations: Double
  /// Of the products on the device, by OpenCL events.
  package var eventSeconds: Double
  /// Of the same launches by the host's clock.
  package var wallSeconds: Double
  /// The ceilings of the device: bytes and operations a second.
  package var bandwidth: Double
  package var rate: Double

  package init(
    batch: Int, expertsTouched: Double, expertBytes: Double, operations: Double, eventSeconds: Double,
    wallSeconds: Double, bandwidth: Double, rate: Double
  ) {
    self.batch = batch
    self.expertsTouched = expertsTouched
    bytes = expertsTouched * expertBytes
    self.operations = operations
    self.eventSeconds = eventSeconds
    self.wallSeconds = wallSeconds
    self.bandwidth = bandwidth
    self.rate = rate
  }

  package var bytesPerSecond: Double { bytes / eventSeconds }
  package var operationsPerSecond: Double { operations / eventSeconds }
  /// Of the bandwidth that the device's memory has at most.
  package var shareOfBandwidth: Double { bytesPerSecond / bandwidth }
  /// Of the rate that the device multiplies at most.
  package var shareOfRate: Double { operationsPerSecond / rate }
  /// Operations for each byte that is read.
  package var intensity: Double { operations / bytes }
  /// Which side of the roofline's ridge, rate / bandwidth, it lies on (Williams, Waterman and Patterson 2009).
  package var bound: Bound { intensity < rate / bandwidth ? .memory : .compute }

  private enum Key: CodingKey {
    case batch, expertsTouched, bytes, operations, eventSeconds, wallSeconds, bytesPerSecond, operationsPerSecond
    case shareOfBandwidth, shareOfRate, intensity, bound
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(batch, forKey: .batch)
    try container.encode(expertsTouched, forKey: .expertsTouched)
    try container.encode(bytes, forKey: .bytes)
    try container.encode(operations, forKey: .operations)
    try container.encode(eventSeconds, forKey: .eventSeconds)
    try container.encode(wallSeconds, forKey: .wallSeconds)
    try container.encode(bytesPerSecond, forKey: .bytesPerSecond)
    try container.encode(operationsPerSecond, forKey: .operationsPerSecond)
    try container.encode(shareOfBandwidth, forKey: .shareOfBandwidth)
    try container.encode(shareOfRate, forKey: .shareOfRate)
    try container.encode(intensity, forKey: .intensity)
    try container.encode(bound, forKey: .bound)
  }
}
