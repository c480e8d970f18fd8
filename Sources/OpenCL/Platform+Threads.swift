import Foundation

extension Platform {
  /// Lets drivers that compute on the host's processors start their threads with `niceness` (of nice(1)), so that threads which
  /// have little to do get a processor as soon as they want one.
  ///
  /// Such drivers start threads when their devices are first listed, and on Linux a thread begins with the niceness of the one that
  /// starts it. It can be raised for a single thread, and without a privilege never be lowered again: so a thread lists the
  /// devices that ends here. Call it before anything else of OpenCL; threads that are there already stay as they are.
  package static func startThreads(niceness: Int) {
    #if os(Linux)
      let listed = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        _ = setpriority(.init(PRIO_PROCESS.rawValue), 0, Int32(niceness))  // the calling thread's alone
        for platform in (try? Platform.all()) ?? [] { _ = try? platform.devices() }
        listed.signal()
      }
      listed.wait()
    #endif
  }
}
