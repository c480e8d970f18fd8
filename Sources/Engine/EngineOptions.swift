package import OpenCL
package import OpenCLBackend
package import Scheduling

/// How an engine is set up.
package struct EngineOptions: Sendable {
  package var device: DeviceSelection
  package var policy: any Policy
  /// Positions that the KV cache holds, of all requests together.
  package var cachePositions: Int
  /// Requests at once.
  package var maxRequests = 256
  /// Prompt tokens that pass the model together at most, where the policy cuts prompts; unless given, what suits the
  /// model and the device: see `Engine.maxBatchedTokens`.
  package var maxBatchedTokens: Int?
  /// Prompt tokens that are expected to pass together, for the estimate of memory.
  package var expectedTokens: Int
  /// Bytes that may be used of the device's memory; what it reports unless given.
  package var deviceMemory: Int?
  /// How the device is used; what its properties suggest unless given.
  package var plan: DevicePlan?
  /// Where built programs are kept.
  package var programCache: ProgramCache
  /// Whether prompts that begin with the same tokens share the KV blocks of these.
  package var prefixCaching = true

  package init(
    device: DeviceSelection, policy: any Policy = Layered(), cachePositions: Int, expectedTokens: Int = 512,
    deviceMemory: Int? = nil, plan: DevicePlan? = nil, programCache: ProgramCache = ProgramCache()
  ) {
    self.device = device
    self.policy = policy
    self.cachePositions = cachePositions
    self.expectedTokens = expectedTokens
    self.deviceMemory = deviceMemory
    self.plan = plan
    self.programCache = programCache
  }
}

/// What a model needs on a device, in bytes.
package struct MemoryEstimate: Sendable, Equatable {
  package var weights: Int
  package var cache: Int
  /// Hidden states, carry and the workspace of a layer.
  package var activations: Int

  package var total: Int { weights + cache + activations }
}
