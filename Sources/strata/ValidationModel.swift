import Engine
import Foundation
import Models
import Validation

/// A whole model that is compared with the reference: its files, and a prompt for it.
struct ValidationModel {
  let folder: String
  let files: ModelFiles
  let prompt: [Int32]

  /// The one that is compared where none is named, from the project's folder.
  static let bundled = "Tests/Fixtures/tiny-moe"
  static var hasBundled: Bool { FileManager.default.fileExists(atPath: "\(bundled)/config.json") }

  /// Tokens behind the prompt.
  static let generated = 24
  private static let longestPrompt = 100

  /// - Throws: what reading its files throws; `EngineError` for a context that is too short.
  init(_ folder: String) throws {
    self.folder = folder
    files = try ModelFiles(path: folder)
    let vocabulary = files.description.vocabularySize
    let count = min(Self.longestPrompt, files.description.maxPositions - Self.generated)
    guard count > 0 else {
      throw EngineError(
        "\(folder): its context has \(files.description.maxPositions) positions, expected more than \(Self.generated)")
    }
    prompt = (0..<count).map { Int32(($0 * 7919 + 13) % vocabulary) }
  }

  func reports(of compared: ModelComparison) -> [Validator.Report] {
    var reports = compared.stages.map { stage in
      var report = Validator.Report(
        family: "Model", name: "\(folder) \(stage.name)", error: stage.error, bound: ModelComparison.bound,
        maxError: stage.maxError)
      if !(stage.error <= report.bound) {
        report.problem = "relative error \(stage.error), expected at most \(report.bound)"
      }
      return report
    }
    var greedy = Validator.Report(family: "Model", name: "\(folder) greedy tokens", error: 0, bound: 0)
    if !compared.agrees { greedy.problem = "tokens \(compared.tokens), expected \(compared.expectedTokens)" }
    reports.append(greedy)
    return reports
  }
}
