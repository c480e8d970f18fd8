#if FAULTS
  import Engine
  import Foundation
  import Models
  import OpenCL
  import OpenCLBackend
  import Scheduling
  import TestSupport

  /// A generation with four requests, of which two run at a time, in which a call of OpenCL may fail.
  struct FaultScenario: Sendable {
    let name: String
    private let files: ModelFiles
    private let options: EngineOptions
    /// Programs are built anew each time.
    let isCold: Bool

    /// What came of a run.
    struct Outcome: Sendable {
      /// Why there was no engine, if there was none.
      var refusal: String?
      /// Each request's tokens, or why it failed.
      var requests: [Result<[Int32], Failure>] = []
      /// The same of the first request, asked for again until it succeeds, twice at most.
      var again: [Result<[Int32], Failure>] = []
      var leakedHandles = 0
      var hasStruck = false
    }

    struct Failure: Error { var text: String }

    /// - Parameters:
    ///   - share: of the experts that the device has room for.
    ///   - copies: whether weights are copied to the device, as where it has memory of its own.
    ///   - isCold: whether programs are built anew.
    init(
      _ name: String, target: TestTarget, share: Double = 1, profiling: Bool = false, copies: Bool = false,
      isCold: Bool = false
    ) throws {
      self.name = name
      files = try ModelFiles(path: Fixtures.path("tiny-moe"))
      var options = target.options(cachePositions: 256, policy: Layered(groups: 2))
      options.maxRequests = 2
      options.expectedTokens = 128
      options.profiling = profiling
      if copies { options.plan?.mapsWeights = false }
      if share < 1 {
        let plan = Engine.memoryPlan(files, options)
        options.deviceMemory = .bytes(plan.total - plan.experts + Int(share * Double(plan.experts)))
      }
      self.options = options
      self.isCold = isCold
    }

    private var requests: [GenerationRequest] {
      [40, 7, 20, 3].enumerated().map { index, length in
        GenerationRequest(prompt: (0..<length).map { Int32(($0 * 31 + index * 7) % 2048) }, maxTokens: 4)
      }
    }

    func run(_ kind: Faults.Kind) async throws -> (outcome: Outcome, uses: [Faults.Site: Int]) {
      let faults = Faults(kind)
      var outcome = await Faults.$current.withValue(faults) { await generate() }
      // Its threads end a moment later.
      for _ in 0..<1000 where faults.liveHandles > 0 { try await Task.sleep(for: .milliseconds(5)) }
      outcome.leakedHandles = faults.liveHandles
      outcome.hasStruck = faults.hasStruck
      return (outcome, faults.uses)
    }

    private func generate() async -> Outcome {
      var outcome = Outcome()
      var options = options
      let folder = isCold ? try? TemporaryFolder() : nil
      if let folder { options.programCache = ProgramCache(folder: folder.path) }
      do {
        let engine = try Engine(files, tokenizer: nil, options: options)
        let streams = try await engine.submit(requests)
        for stream in streams { outcome.requests.append(await result(of: stream)) }
        if options.profiling { _ = try? await engine.takeRecords() }
        for _ in 0..<2 {
          outcome.again.append(await result(of: try await engine.submit([requests[0]])[0]))
          if case .success = outcome.again.last { break }
        }
      } catch { outcome.refusal = "\(error)" }
      return outcome
    }

    private func result(
      of stream: AsyncThrowingStream<GenerationEvent, any Error>
    ) async -> Result<[Int32], Failure> {
      do { return .success(try await stream.result().tokens) } catch { return .failure(Failure(text: "\(error)")) }
    }
  }
#endif
