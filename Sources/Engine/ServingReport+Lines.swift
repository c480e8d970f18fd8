package import Scheduling

extension ServingReport {
  /// For a person, in the words and order of `vllm bench serve`, and what it does not have behind.
  package var lines: [String] {
    var lines = [Self.heading("Serving Benchmark Result: \(policy)", "=")]
    func add(_ name: String, _ value: String) { lines.append(Self.line(name, value)) }
    func milliseconds(_ title: String, _ name: String, _ values: Distribution) {
      lines.append(Self.heading(title, "-"))
      add("Mean \(name) (ms):", fixed(values.mean * 1000, 2))
      add("Median \(name) (ms):", fixed(values.median * 1000, 2))
      add("P90 \(name) (ms):", fixed(values.p90 * 1000, 2))
      add("P99 \(name) (ms):", fixed(values.p99 * 1000, 2))
    }
    add("Successful requests:", "\(completed)")
    if failed > 0 { add("Failed requests:", "\(failed)") }
    if let requestRate { add("Request rate configured (RPS):", fixed(requestRate, 2)) }
    add("Benchmark duration (s):", fixed(duration, 2))
    add("Total input tokens:", "\(totalInputTokens)")
    add("Total generated tokens:", "\(totalOutputTokens)")
    add("Request throughput (req/s):", fixed(requestThroughput, 2))
    add("Output token throughput (tok/s):", fixed(outputThroughput, 2))
    add("Total token throughput (tok/s):", fixed(totalTokenThroughput, 2))
    if let goodput { add("Request goodput, every gap (req/s):", fixed(goodput, 2)) }
    if let goodputMeanTPOT { add("Request goodput, mean TPOT (req/s):", fixed(goodputMeanTPOT, 2)) }
    if let attainment { add("SLO attainment (%):", fixed(attainment * 100, 1)) }
    if let attainmentTTFT { add("SLO attainment, TTFT alone (%):", fixed(attainmentTTFT * 100, 1)) }
    if let attainmentTBT { add("SLO attainment, TBT alone (%):", fixed(attainmentTBT * 100, 1)) }
    milliseconds("Time to First Token", "TTFT", ttft)
    milliseconds("Time per Output Token (excl. 1st token)", "TPOT", tpot)
    milliseconds("Inter-token Latency", "ITL", itl)
    milliseconds("End-to-end Latency", "E2EL", e2el)
    // A server that was measured from outside does not tell.
    if iterations > 0 { addSchedule(&lines) }
    if let energyPerToken { add("Energy per token (mJ):", fixed(energyPerToken * 1000, 2)) }
    lines.append(String(repeating: "=", count: 50))
    return lines
  }

  private func addSchedule(_ lines: inout [String]) {
    func add(_ name: String, _ value: String) { lines.append(Self.line(name, value)) }
    lines.append(Self.heading("Schedule and Experts", "-"))
    add("Iterations:", "\(iterations)")
    add("Mean decode batch:", fixed(meanDecodeBatch, 1))
    add("Mean requests in system at arrivals:", fixed(meanInSystemAtArrivals, 1))
    add("Preemptions:", "\(preemptions)")
    add("Expert bytes read, in tiles (GB):", fixed(expertBytesPrefill / 1e9, 3))
    add("Expert bytes read, decode alone (GB):", fixed(expertBytesDecode / 1e9, 3))
    let bytes = ledger.total
    for kind in Ledger.Kind.allCases where kind != .expert {
      if let moved = bytes.memory[kind] { add("Other bytes, \(kind.rawValue) (GB):", fixed(moved.total / 1e9, 3)) }
    }
    if let factor = ledger.readFactor { add("Reads of a read expert, mean:", fixed(factor, 2)) }
    if ledger.slots < ledger.experts {
      lines.append(Self.heading("Experts over the Link", "-"))
      add("Experts that fit on the device:", "\(ledger.slots) of \(ledger.experts)")
      add("Host to device, in tiles (GB):", fixed(bytes.hostToDevice.prefill / 1e9, 3))
      add("Host to device, decode alone (GB):", fixed(bytes.hostToDevice.decode / 1e9, 3))
      add("Disk to host (GB):", fixed(bytes.diskToHost.total / 1e9, 3))
      if let rate = ledger.hitRate(isPrefill: true) { add("Hit rate, in tiles (%):", fixed(rate * 100, 1)) }
      if let rate = ledger.hitRate(isPrefill: false) { add("Hit rate, decode alone (%):", fixed(rate * 100, 1)) }
      if let factor = ledger.reloadFactor { add("Reload factor:", fixed(factor, 2)) }
    }
  }

  private static func line(_ name: String, _ value: String) -> String {
    name + String(repeating: " ", count: max(1, 42 - name.count)) + value
  }

  private static func heading(_ title: String, _ fill: Character) -> String {
    let rest = max(0, 50 - title.count - 2)
    return String(repeating: fill, count: rest / 2) + " \(title) " + String(repeating: fill, count: rest - rest / 2)
  }
}
