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
  var model: String?
  var environment = ProcessInfo.processInfo.environment

  func command(_ report: Validator.Report) -> String {
    var words = Self.variables.compactMap { name in
      environment[name].flatMap { $0.isEmpty ? nil : "\(name)=\(Self.quoted($0))" }
    }
    words.append("strata validate --device \(index) --variant \(style)")
    if let activations { words.append("--activations \(activations.rawValue)") }
    words.append("--op \(report.family)")
    if report.family == "Model" {
      if let model { words.append("--model \(Self.quoted(model))") }
    } else {
      words.append("--shape \"\(report.name)\"")
      if selection.randomCases > 0 { words.append("--seed \(selection.seed) --cases \(selection.randomCases)") }
    }
    return words.joined(separator: " ")
  }

  /// Those that change what is computed.
  private static let variables = [OpFilter.environmentVariable, "STRATA_KERNELS"]

  /// As a shell takes it, whatever it holds.
  private static func quoted(_ text: String) -> String { "'\(text.replacing("'", with: "'\\''"))'" }
}
