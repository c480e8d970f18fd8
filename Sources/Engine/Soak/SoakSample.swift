/// What happened in an interval of a soak, and what the process and the device hold at its end.
package struct SoakSample: Sendable, Equatable {
  /// From the beginning of the soak to the end of the interval.
  package var seconds = 0.0
  package var process = ProcessUse()
  /// Of the device's buffers, and objects of OpenCL that are alive.
  package var deviceBytes = 0
  package var handles = 0
  package var finished = 0
  package var cancelled = 0
  package var preemptions = 0
  package var engines = 0
  /// Requests whose tokens are not those of a serial run, and those that ended with an error.
  package var wrong = 0
  package var failed = 0
  /// Seconds of each request that ended.
  package var timesToFirstToken: [Double] = []
  package var timesBetweenTokens: [Double] = []

  package static let header =
    "seconds,resident_bytes,open_files,threads,device_bytes,handles,finished,cancelled,preemptions,engines,wrong,failed,"
    + "ttft_median,ttft_p99,tbt_median,tbt_p99"

  /// In the order of `header`; a quantile of nothing is empty.
  package var row: String {
    let counts = [
      process.residentBytes, process.openFiles, process.threads, deviceBytes, handles, finished, cancelled, preemptions,
      engines, wrong, failed,
    ].map(String.init)
    let times = [timesToFirstToken, timesBetweenTokens].flatMap { [Self.quantile($0, 0.5), Self.quantile($0, 0.99)] }
    return ([fixed(seconds, 1)] + counts + times.map { $0.map { fixed($0, 5) } ?? "" }).joined(separator: ",")
  }

  /// The smallest value that so large a share of them does not exceed.
  static func quantile(_ values: [Double], _ share: Double) -> Double? {
    guard !values.isEmpty else { return nil }
    return values.sorted()[min(values.count - 1, Int(Double(values.count) * share))]
  }
}
