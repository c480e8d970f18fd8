/// Metrics in the text format of Prometheus, version 0.0.4.
struct PrometheusText {
  private(set) var text = ""
  /// What all names begin with.
  private let prefix: String
  /// Put on every sample.
  private let labels: [(name: String, value: String)]

  init(prefix: String = "", labels: [(name: String, value: String)]) {
    self.prefix = prefix
    self.labels = labels
  }

  mutating func counter(_ name: String, _ help: String, _ samples: [Sample]) { add(name, "counter", help, samples) }

  mutating func gauge(_ name: String, _ help: String, _ samples: [Sample]) { add(name, "gauge", help, samples) }

  mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
    head(name, "histogram", help)
    var total = 0
    for (index, count) in histogram.counts.enumerated() {
      total += count
      let bound = index < histogram.bounds.count ? Self.number(histogram.bounds[index]) : "+Inf"
      line(name + "_bucket", [("le", bound)], "\(total)")
    }
    line(name + "_sum", [], Self.number(histogram.sum))
    line(name + "_count", [], "\(histogram.count)")
  }

  /// A value with labels of its own.
  struct Sample {
    var labels: [(name: String, value: String)]
    var value: Double

    init(_ value: Double, _ labels: (name: String, value: String)...) {
      self.value = value
      self.labels = labels
    }

    init(_ value: Int, _ labels: (name: String, value: String)...) {
      self.value = Double(value)
      self.labels = labels
    }
  }

  private mutating func add(_ name: String, _ type: String, _ help: String, _ samples: [Sample]) {
    head(name, type, help)
    for sample in samples { line(name, sample.labels, Self.number(sample.value)) }
  }

  private mutating func head(_ name: String, _ type: String, _ help: String) {
    text += "# HELP \(prefix)\(name) \(help)\n# TYPE \(prefix)\(name) \(type)\n"
  }

  private mutating func line(_ name: String, _ own: [(name: String, value: String)], _ value: String) {
    let all = (labels + own).map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
    text += "\(prefix)\(name){\(all.joined(separator: ","))} \(value)\n"
  }

  private static func number(_ value: Double) -> String {
    if value == .infinity { return "+Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }
}
