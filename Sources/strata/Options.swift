import ArgumentParser
import Checkpoints
import Engine
import Foundation
import Models
import Scheduling

extension PolicyName: ExpressibleByArgument {}

/// Which model, where, and in which order its work is done.
struct ModelOptions: ParsableArguments {
  @Option(help: "Folder of the model (config.json, tokenizer.json, *.safetensors), or a GGUF file.")
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

  @Option(
    parsing: .unconditional,
    help: "Tokens of an iteration, decoding ones too, with policy chunked. Default: \(Chunked.defaultChunkSize).")
  var chunkSize: Int?

  @Option(
    parsing: .unconditional,
    help:
      "Milliseconds between tokens that policy adaptive keeps. Default: \(Int(PolicyOptions.defaultTBTTarget * 1000)).")
  var tbtTarget: Double?

  @Option(
    parsing: .unconditional,
    help: "Prompt tokens that pass the model together, where the policy cuts prompts. Default: 8192, or what suits.")
  var maxNumBatchedTokens: Int?

  @Option(parsing: .unconditional, help: "Requests that run at once.")
  var maxNumSeqs = 256

  @OptionGroup var memory: MemoryOptions

  @OptionGroup var precision: PrecisionOptions
}

extension ModelOptions {
  func engineOptions(_ files: ModelFiles, cachePositions: Int, expectedTokens: Int) throws -> EngineOptions {
    try Scheduler.Limits.check(maxRequests: maxNumSeqs, maxBatchedTokens: maxNumBatchedTokens)
    let policy = PolicyOptions(
      policy, chunkSize: chunkSize, layerGroups: layerGroups, tbtTarget: tbtTarget.map { $0 / 1000 })
    var options = EngineOptions(
      device: try DeviceSelection.find(device), policy: try policy.policy(layerCount: files.description.layerCount),
      cachePositions: cachePositions, expectedTokens: expectedTokens)
    options.maxBatchedTokens = maxNumBatchedTokens
    if let chunkSize {
      if let maxNumBatchedTokens { try ServingOptions.check(chunkSize, maxNumBatchedTokens) }
      options.maxBatchedTokens = maxNumBatchedTokens ?? max(chunkSize, Engine.maxBatchedTokens(files, options))
    }
    options.maxRequests = maxNumSeqs
    options.activations = precision.activations
    (options.deviceMemory, options.experts) = try memory.settings(options.device, files.description)
    return options
  }
}

/// The text of a file or pipe.
/// - Throws: `EngineError` naming it, if it cannot be read or is not UTF-8.
func readText(_ path: String) throws(EngineError) -> String {
  let data: Data
  do {
    data = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)).readToEnd() ?? Data()
  } catch {
    let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError
    let code = cause?.domain == NSPOSIXErrorDomain ? cause?.code : nil
    throw EngineError("\(path): cannot be read: \(code.map { systemMessage(Int32($0)) } ?? error.localizedDescription)")
  }
  guard let text = String(validating: data, as: UTF8.self) else {
    throw EngineError("\(path): byte \(validByteCount(data)) is not UTF-8, expected a text in UTF-8")
  }
  return text
}

/// How many bytes come before the first that is not UTF-8.
private func validByteCount(_ data: Data) -> Int {
  var parser = Unicode.UTF8.ForwardParser()
  var bytes = data.makeIterator()
  var count = 0
  while case .valid(let character) = parser.parseScalar(from: &bytes) { count += character.count }
  return count
}

/// Prints a value as JSON, with sorted keys.
func printJSON(_ value: some Encodable) throws {
  try Terminal.output(String(decoding: encodeJSON(value), as: UTF8.self) + "\n")
}

/// A value as JSON, with sorted keys.
func encodeJSON(_ value: some Encodable) throws -> Data {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return try encoder.encode(value)
}
