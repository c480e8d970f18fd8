import Backend
import Foundation
import OpenCLBackend
import Reference
import Validation

/// How cases are run again: by a command with the options that they were run with.
struct ValidationRepeat {
  var index: Int
  var style: KernelStyle
  var selection: CaseSelection
  /// Unless the device's kernels take these anyway.
  var activations: ActivationPrecision?
  /// Unless the device has none.
  var subgroups: SubgroupUse?
  var model: String?
  var environment = ProcessInfo.processInfo.environment

  func command(_ report: Validator.Report) -> String {
    var words = Self.variables.compactMap { name in
      environment[name].flatMap { $0.isEmpty ? nil : "\(name)=\(Self.quoted($0))" }
    }
    words += ["strata"] + options
    words.append("--op \(report.family)")
    if report.family == "Model" {
      if let model { words.append("--model \(Self.quoted(model))") }
    } else {
      words.append("--shape \"\(report.name)\"")
      if selection.randomCases > 0 { words.append("--seed \(selection.seed) --cases \(selection.randomCases)") }
    }
    return words.joined(separator: " ")
  }

  /// The same cases of ops, as arguments of `strata`.
  var arguments: [String] {
    let choice = [("--op", selection.op), ("--format", selection.format?.name), ("--shape", selection.shape)]
    return options + ["--seed", "\(selection.seed)", "--cases", "\(selection.randomCases)"]
      + choice.flatMap { name, value in value.map { [name, $0] } ?? [] }
  }

  private var options: [String] {
    ["validate", "--device", "\(index)", "--variant", style.rawValue]
      + (activations.map { ["--activations", $0.name] } ?? [])
      + (subgroups.map { ["--subgroups", $0.rawValue] } ?? [])
  }

  /// Those that change what is computed.
  private static let variables = [OpFilter.environmentVariable, "STRATA_KERNELS"]

  /// As a shell takes it, whatever it holds.
  private static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "'\\''"))'" }
}
