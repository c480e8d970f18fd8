import Backend
import Engine
import Kernels
import OpenCLBackend
import Reference
import Scheduling
import TestSupport
import Testing

/// Ops of a device that the reference computes.
@Suite(.needsOpenCL)
struct OpFilterTests {
  private func tokens(_ options: EngineOptions) async throws -> [[Int32]] {
    let files = try ModelFiles(path: Fixtures.path("tiny-moe"))
    let engine = try Engine(files, tokenizer: nil, options: options)
    let requests = [30, 3].map { length in
      GenerationRequest(prompt: (0..<length).map { Int32($0 * 31 % 2048) }, maxTokens: 8)
    }
    var tokens: [[Int32]] = []
    for stream in try await engine.submit(requests) { tokens.append(try await stream.result().tokens) }
    return tokens
  }

  private func options(_ target: TestTarget, _ filter: String?) throws -> EngineOptions {
    var options = target.options(cachePositions: 128, policy: Layered(groups: 2))
    options.opFilter = try filter.map { try OpFilter($0) }
    return options
  }

  /// Whoever computes an op, the text is the reference's.
  @Test(arguments: OpFamily.allCases.map(\.rawValue) + [".", "Norm|Linear", "Routing|Experts"], TestTarget.openCL)
  func aFilteredOpGivesTheSameText(filter: String, target: TestTarget) async throws {
    let expected = try await tokens(options(.reference, nil))
    #expect(try await tokens(options(target, filter)) == expected)
  }

  /// Experts that come one by one, and rows that the reference has routed.
  @Test(arguments: ["Routing", "Experts", "Routing|Experts"])
  func streamedExpertsAreFilteredToo(filter: String) async throws {
    var streamed = try options(.any, filter)
    let plan = Engine.memoryPlan(try ModelFiles(path: Fixtures.path("tiny-moe")), streamed)
    streamed.deviceMemory = .bytes(plan.total - plan.experts / 2)
    #expect(try await tokens(streamed) == tokens(options(.reference, nil)))
  }

  /// A kernel is wrong, and only filtering its op repairs the text: so a fault is found by halves.
  @Test func aFaultyKernelIsFoundByHalves() async throws {
    let expected = try await tokens(options(.reference, nil))
    // Of either style.
    let faults = [
      ("Experts/activation.clh", "activate(float g, float u,", "activate(float u, float g,"),
      ("Experts/activate_vectors.clh", "z[i] < 0.0f ? gate[i] * e[i] : gate[i]", "gate[i]"),
    ]
    var kernels: [String: String] = [:]
    for (path, fragment, replacement) in faults {
      let fault = KernelMutant(.activation, path, fragment, replacement, "", "Experts")
      kernels[path] = try fault.apply(to: KernelLibrary.file(path))
    }
    var suspects = OpFamily.allCases.map(\.rawValue)
    while suspects.count > 1 {
      let half = Array(suspects[..<(suspects.count / 2)])
      var options = try options(.any, half.joined(separator: "|"))
      options.kernels = kernels
      let isRepaired = try await tokens(options) == expected
      suspects = isRepaired ? half : Array(suspects[half.count...])
    }
    #expect(suspects == ["Experts"])
  }
}
