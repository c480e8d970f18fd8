import COpenCL
import Synchronization

/// Counts what a context has alive: every object of the C API, and the bytes of its buffers.
///
/// It outlives the context, so that a test can ask for zero after everything is gone.
package final class AllocationLedger: Sendable {
  private struct State {
    var liveBytes = 0
    var peakBytes = 0
    var liveHandles = 0
    var limit: Int?
  }

  private let state = Mutex(State())

  init() {}

  /// Bytes of the buffers alive, as they were asked of the driver; it may round each of them up.
  package var liveBytes: Int { state.withLock { $0.liveBytes } }

  /// The most that `liveBytes` has been.
  package var peakBytes: Int { state.withLock { $0.peakBytes } }

  /// Objects alive: the context itself, and its queues, buffers, programs, kernels and events.
  package var liveHandles: Int { state.withLock { $0.liveHandles } }

  /// Bytes that all buffers together may have; nil for as many as the driver gives. What would go beyond is refused before
  /// the driver is asked.
  package var limit: Int? {
    get { state.withLock { $0.limit } }
    set { state.withLock { $0.limit = newValue } }
  }

  /// - Throws: `CL_MEM_OBJECT_ALLOCATION_FAILURE` if `byteCount` more bytes, for `purpose`, exceed the limit.
  func admit(byteCount: Int, for purpose: String, call: String) throws(OpenCLError) {
    let (live, limit) = state.withLock { ($0.liveBytes, $0.limit) }
    guard let limit, live + byteCount > limit else { return }
    throw OpenCLError(
      code: CL_MEM_OBJECT_ALLOCATION_FAILURE, call: call,
      context: "\(purpose): \(live) bytes are in use, and \(limit) may be")
  }

  func opened(byteCount: Int) {
    state.withLock { state in
      state.liveHandles += 1
      state.liveBytes += byteCount
      state.peakBytes = max(state.peakBytes, state.liveBytes)
    }
  }

  func closed(byteCount: Int) {
    state.withLock { state in
      state.liveHandles -= 1
      state.liveBytes -= byteCount
    }
  }
}
