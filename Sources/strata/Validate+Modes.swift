extension Validate {
  typealias Given = (name: String, isGiven: Bool)

  /// The options that some ways to use this command would have to ignore.
  var meaningless: [(mode: String, isOn: Bool, options: [Given])] {
    let checks: [Given] = [
      ("--model", model != nil), ("--summary", summary), ("--junit", junit != nil), ("--ahead", ahead != nil),
    ]
    let kernels: [Given] = [
      ("--variant", variant != nil), ("--activations", activations != nil), ("--subgroups", subgroups != nil),
    ]
    let choice: [Given] = [("--op", op != nil), ("--format", format != nil), ("--shape", shape != nil)]
    let devices: [Given] = [("--device", !device.isEmpty), ("--all-devices", allDevices)]
    return [
      ("--list", list, checks + kernels + devices), ("--support", support, checks + kernels + choice),
      ("--perf", perf, checks),
    ]
  }
}
