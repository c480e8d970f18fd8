import Backend
import Models
package import OpenCL
package import OpenCLBackend
import Scheduling

/// A whole model on a device against the reference: every hidden state of a prompt, its logits, and the tokens that follow.
package struct ModelComparison: Sendable {
  package struct Stage: Sendable {
    /// Such as `input of layer 3`.
    package var name: String
    /// ‖found − expected‖ / ‖expected‖, and of a single value, absolute.
    package var error: Double
    package var maxError: Double
  }

  package var stages: [Stage]
  /// Greedily chosen, until the first that differs at more than a tie.
  package var tokens: [Int32]
  package var expectedTokens: [Int32]
  /// Whether the tokens are the same but for near ties, as `agree` has it.
  package var agrees: Bool

  package static let tie: Float = 1e-3
  /// f32 through some layers of attention and experts.
  package static let bound = 1e-4

  /// - Parameters:
  ///   - prompt: token ids.
  ///   - count: tokens to generate.
  ///   - plan: how the device is used; the reference rounds activations as it does.
  package init(
    _ files: ModelFiles, prompt: [Int32], count: Int, device: Device, plan: DevicePlan
  ) async throws {
    let activations = plan.usedActivations
    func run(_ selection: DeviceSelection, _ plan: DevicePlan?) async throws -> GenerationResult {
      var options = EngineOptions(
        device: selection, cachePositions: prompt.count + count, expectedTokens: prompt.count, plan: plan)
      options.maxRequests = 1
      options.activations = activations
      let engine = try Engine(files, tokenizer: nil, options: options)
      let request = GenerationRequest(
        prompt: prompt, maxTokens: count,
        capture: CaptureOptions(allLogits: true, hidden: true, generated: true))
      for try await event in try await engine.submit([request])[0] {
        if case .finished(let result) = event { return result }
      }
      throw EngineError("the model gave no result")
    }
    let expected = try await run(.reference, nil)
    let found = try await run(.openCL(device), plan)
    guard let a = found.capture, let b = expected.capture else { throw EngineError("nothing was captured") }
    stages = Self.stages(a.hidden, b.hidden)
    stages.append(Self.stage("logits", a.logits, b.logits))
    tokens = found.tokens
    expectedTokens = expected.tokens
    agrees = Self.agree(found.tokens, expected.tokens, logits: b.generated)
  }

  /// Of the input of each layer, and of the final norm behind the last. One that is on one side only is infinitely wrong.
  package static func stages(_ found: [[Float]], _ expected: [[Float]]) -> [Stage] {
    (0..<max(found.count, expected.count)).map { index in
      let name = index + 1 == expected.count ? "final norm" : "input of layer \(index)"
      guard index < found.count, index < expected.count else {
        return Stage(name: name, error: .infinity, maxError: .infinity)
      }
      return stage(name, found[index], expected[index])
    }
  }

  /// Whether `found` are the tokens of the reference, as many, up to one that is as good: whose logit there is less than `tie`
  /// below the best. What follows on another token is another text.
  ///
  /// - Parameter logits: for each expected token, what the reference chose it from.
  package static func agree(_ found: [Int32], _ expected: [Int32], logits: [[Float]]) -> Bool {
    guard let index = zip(found, expected).enumerated().first(where: { $1.0 != $1.1 })?.offset else {
      return found.count == expected.count
    }
    let token = Int(found[index])
    guard index < logits.count, let best = logits[index].max(), logits[index].indices.contains(token) else {
      return false
    }
    return best - logits[index][token] < tie
  }

  private static func stage(_ name: String, _ found: [Float], _ expected: [Float]) -> Stage {
    guard found.count == expected.count else { return Stage(name: name, error: .infinity, maxError: .infinity) }
    var (difference, norm, most) = (0.0, 0.0, 0.0)
    for (a, b) in zip(found, expected) {
      let error = Double(a) - Double(b)
      difference += error * error
      norm += Double(b) * Double(b)
      most = max(most, abs(error))
    }
    return Stage(
      name: name, error: norm > 0 ? (difference / norm).squareRoot() : difference.squareRoot(), maxError: most)
  }
}
