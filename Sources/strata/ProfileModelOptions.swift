import ArgumentParser
import Engine
import Models
import OpenCL
import Profiling
import Scheduling
import Simulation

/// What `strata profile` measures of a model.
struct ProfileModelOptions: ParsableArguments {
  @Option(help: "Folder of the model; with --random-weights its config.json is enough.")
  var model: String?

  @Flag(help: "Need no weights: rows choose experts by a log-normal popularity.")
  var randomWeights = false

  @Option(
    parsing: .upToNextOption,
    help:
      "Rows that share a read of the experts. Default: 1, 2, 4 … \(ExpertLoadProfile.batchSizes.last ?? 1), as far as the text reaches."
  )
  var batchSizes: [Int] = []

  @Option(help: "A text for which the experts are counted. Default: the sources of the kernels.")
  var popularity: String?

  @Option(help: "Write the experts' popularity as JSON, for `simulate --coverage` and `run --popularity`.")
  var savePopularity: String?

  @Option(
    parsing: .upToNextOption,
    help: "Run a prompt with each of: \(PolicyName.allCases.map(\.rawValue).joined(separator: ", ")).")
  var policy: [PolicyName] = []

  @Option(
    parsing: .upToNextOption,
    help: "Chunk sizes of policy chunked, one run each. Default: \(Chunked.defaultChunkSize).")
  var chunkSize: [Int] = []

  @Option(parsing: .unconditional, help: "Layer groups of policy layered. Default: the paper's rule.")
  var layerGroups: Int?

  @Option(
    parsing: .unconditional, help: "Tokens of the prompt of --policy, from the text. Default: 2048, or its length.")
  var promptTokens: Int?
}

extension ProfileModelOptions {
  /// - Throws: `ValidationError`, wrong usage, for options without what they belong to.
  func check() throws {
    let given = [
      randomWeights ? "--random-weights" : nil, batchSizes.isEmpty ? nil : "--batch-sizes",
      popularity.map { _ in "--popularity" }, savePopularity.map { _ in "--save-popularity" },
      policy.isEmpty ? nil : "--policy",
    ].compactMap(\.self)
    if model == nil, let first = given.first { throw ValidationError("'\(first)' needs '--model'") }
    if randomWeights, let text = given.first(where: { !["--random-weights", "--batch-sizes"].contains($0) }) {
      throw ValidationError("'\(text)' needs a model's weights: it cannot be used with '--random-weights'")
    }
    let ofPolicies = [
      chunkSize.isEmpty ? nil : "--chunk-size", layerGroups.map { _ in "--layer-groups" },
      promptTokens.map { _ in "--prompt-tokens" },
    ].compactMap(\.self)
    if policy.isEmpty, let first = ofPolicies.first { throw ValidationError("'\(first)' needs '--policy'") }
    for (option, isGiven, owner) in [
      ("chunk-size", !chunkSize.isEmpty, PolicyName.chunked), ("layer-groups", layerGroups != nil, .layered),
    ] where isGiven && !policy.contains(owner) {
      throw ValidationError("'--\(option)' is of policy \(owner.rawValue), which '--policy' does not name")
    }
  }

  /// Measures all that was asked for.
  func report(
    _ model: String, on device: Device, progress: @escaping @Sendable (String) -> Void
  ) async throws -> ProfileReport {
    if randomWeights {
      let shape = try ModelShape(at: model)
      return try loads(shape, nil, on: device, progress: progress)
    }
    let files = try ModelFiles(path: model)
    let text = try text(files)
    let shape = try ModelShape(at: model)
    // What cannot be run is told before anything is measured.
    try ExpertLoadProfile.check(batchSizes, rows: text.tokens.count)
    for options in policyOptions { _ = try options.policy(layerCount: files.description.layerCount) }
    let prompt = try prompt(text, files)
    let choices = try await ExpertChoices(of: text, files, on: .openCL(device)) { done, total in
      progress("counting experts, token \(done) of \(total)")
    }
    var report = try loads(shape, choices, on: device, progress: progress)
    let popularity = ExpertPopularity(choices)
    if let savePopularity { try popularity.write(to: savePopularity) }
    report.popularity = popularity
    guard !policy.isEmpty else { return report }
    let policies = try await PolicyProfile(
      of: prompt, policies: policyOptions, files, on: .openCL(device), progress: progress)
    return ProfileReport(
      ceilings: report.ceilings, expertLoads: report.expertLoads, popularity: popularity, policies: policies)
  }

  private func loads(
    _ shape: ModelShape, _ choices: ExpertChoices?, on device: Device, progress: (String) -> Void
  ) throws -> ProfileReport {
    let ceilings = try DeviceCeilings(of: device, groups: [.memory, .multiply]) { progress("measuring \($0)") }
    let sizes =
      batchSizes.isEmpty
      ? ExpertLoadProfile.batchSizes.filter { $0 <= choices?.rows ?? .max } : batchSizes
    let loads = try ExpertLoadProfile(
      of: device, model: shape, batchSizes: sizes, choices: choices, ceilings: ceilings, progress: progress)
    return ProfileReport(ceilings: ceilings, expertLoads: loads)
  }

  private func text(_ files: ModelFiles) throws -> ProfileText {
    if let popularity {
      return try ProfileText(readText(popularity), source: popularity, files, files.tokenizer())
    }
    guard let tokenizer = try? files.tokenizer() else { return .random(files) }
    return try .standard(files, tokenizer)
  }

  /// The first tokens of the text.
  private func prompt(_ text: ProfileText, _ files: ModelFiles) throws -> [Int32] {
    let most = min(text.tokens.count, files.description.maxPositions)
    if let promptTokens, !(1...most).contains(promptTokens) {
      throw ProfilingError(
        "prompt-tokens is \(promptTokens), expected 1 to \(most), the tokens of the text that fit into the context")
    }
    return Array(text.tokens.prefix(promptTokens ?? min(2048, most)))
  }

  private var policyOptions: [PolicyOptions] {
    policy.flatMap { name -> [PolicyOptions] in
      switch name {
      case .chunked: (chunkSize.isEmpty ? [nil] : chunkSize.map(Optional.init)).map { .init(name, chunkSize: $0) }
      case .layered: [.init(name, layerGroups: layerGroups)]
      case .adaptive, .continuous: [.init(name)]
      }
    }
  }
}
