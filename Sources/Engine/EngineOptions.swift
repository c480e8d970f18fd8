package import Backend
package import OpenCL
package import OpenCLBackend
package import Reference
package import Scheduling

/// How an engine is set up.
package struct EngineOptions: Sendable {
  package var device: DeviceSelection
  package var policy: any Policy
  /// Positions that the KV cache holds, of all requests together.
  package var cachePositions: Int
  /// Requests at once.
  package var maxRequests = 256
  /// Numbers of requests that decode together, for each of which a pass is run while the model is loaded: what is built for as
  /// many, or for about as many, no request waits for.
  package var warmedBatches = [1]
  /// Prompt tokens that pass the model together at most, where the policy cuts prompts; unless given, what suits the
  /// model and the device: see `Engine.maxBatchedTokens`.
  package var maxBatchedTokens: Int?
  /// Prompt tokens that are expected to pass together: memory is planned for so many, and more are cut where the policy cuts
  /// prompts. Where it does not, at least the longest prompt.
  package var expectedTokens: Int
  /// Positions of a request at most, fewer than the model's context; nil for the context.
  package var maxPositions: Int?
  /// What may be used of the device's memory, by everything together.
  package var deviceMemory: DeviceMemory = .share(0.9)
  /// Where experts may lie; its budget follows from `deviceMemory`.
  package var experts = ExpertMemory()
  /// How the device is used; nil for the reference.
  package var plan: DevicePlan?
  /// What products take their activations as; what suits the device unless given.
  package var activations: ActivationPrecision?
  /// Where built programs are kept.
  package var programCache: ProgramCache
  /// Whether prompts that begin with the same tokens share the KV blocks of these.
  package var prefixCaching = true
  /// Whether launches and copies are timed one by one, for `Engine.takeRecords`.
  package var profiling = false
  /// Whether each iteration's account is kept, for `Engine.iterationTotals`; it is read from the device then.
  package var recordsIterations = false
  /// Ops of a device that the reference computes; those of `STRATA_OP_FILTER` unless given.
  package var opFilter = OpFilter.ofProcess
  /// Texts of kernel sources, by path, that stand in for those of the library.
  package var kernels: [String: String] = [:]

  /// - Parameter plan: how the device is used; what its properties suggest, and what was tuned for it, unless given.
  package init(
    device: DeviceSelection, policy: any Policy = Layered(), cachePositions: Int, expectedTokens: Int = 512,
    plan: DevicePlan? = nil, programCache: ProgramCache = ProgramCache()
  ) {
    self.device = device
    self.policy = policy
    self.cachePositions = cachePositions
    self.expectedTokens = expectedTokens
    self.plan = if case .openCL(let device) = device { plan ?? .tuned(device) } else { nil }
    self.programCache = programCache
  }
}

/// How much of a device's memory may be used.
package enum DeviceMemory: Sendable, Equatable {
  case bytes(Int)
  /// Of what the device reports.
  case share(Double)
}

extension EngineOptions {
  /// The plan with what the options ask for; nil for the reference.
  var devicePlan: DevicePlan? {
    var plan = plan
    if let activations { plan?.activations = activations }
    return plan
  }

  /// Bytes of device memory that may be used; nil where that is not known.
  var memoryBudget: Int? {
    guard case .openCL(let device) = device else { return nil }
    switch deviceMemory {
    case .bytes(let bytes): return bytes
    case .share(let share): return device.globalMemory > 0 ? Int(Double(device.globalMemory) * share) : nil
    }
  }
}
