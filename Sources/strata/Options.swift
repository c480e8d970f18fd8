import ArgumentParser
import Engine
import Foundation
import Models
import Scheduling

extension PolicyName: ExpressibleByArgument {}

/// Which model, where, and in which order its work is done.
struct ModelOptions: ParsableArguments {
  @Option(help: "Folder of the model: config.json, tokenizer.json, *.safetensors.")
  var model: String

  @Option(
    parsing: .unconditional,
    help: "reference, an index of `strata devices`, or part of a name. Default: STRATA_DEVICE, else the first GPU.")
  var device: String?

  @Option(help: "How prompts pass through the model: \(PolicyName.allCases.map(\.rawValue).joined(separator: ", ")).")
  var policy: PolicyName = .layered

  @Option(
    parsing: .unconditional,
    help: "Layer groups of a prompt, with policy layered. Default: one for every 512 prompt tokens.")
  var layerGroups: Int?
}

extension ModelOptions {
  func engineOptions(_ files: ModelFiles, cachePositions: Int, expectedTokens: Int) throws -> EngineOptions {
    EngineOptions(
      device: try DeviceSelection.find(device),
      policy: try policy.policy(layerGroups: layerGroups, layerCount: files.description.layerCount),
      cachePositions: cachePositions, expectedTokens: expectedTokens)
  }
}

/// The text of a file.
/// - Throws: an error that names it.
func readText(_ path: String) throws -> String {
  guard let data = FileManager.default.contents(atPath: path) else {
    throw EngineError("\(path): cannot read this file")
  }
  return String(decoding: data, as: UTF8.self)
}

/// Prints a value as JSON, with sorted keys.
func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  try Terminal.output(String(decoding: encoder.encode(value), as: UTF8.self) + "\n")
}
