/// Owns one object of the C API: counts it in the ledger, and releases it exactly once.
///
/// A throwing initialiser that gives up after it has created its object just throws: the handle goes out of scope.
///
/// `@unchecked Sendable`: since OpenCL 1.1 every call may be made from any thread, except `clSetKernelArg` on one kernel
/// at a time; `Kernel` is for that reason not Sendable.
struct Handle: ~Copyable, @unchecked Sendable {
  let raw: OpaquePointer
  let ledger: AllocationLedger
  private let byteCount: Int
  private let release: @Sendable (OpaquePointer) -> Int32
  #if FAULTS
    private let faults = Faults.current
  #endif

  /// - Parameters:
  ///   - byteCount: device memory that the object holds.
  ///   - release: the call that gives the object back.
  init(
    _ raw: OpaquePointer, ledger: AllocationLedger, byteCount: Int = 0,
    release: @escaping @Sendable (OpaquePointer) -> Int32
  ) {
    self.raw = raw
    self.ledger = ledger
    self.byteCount = byteCount
    self.release = release
    ledger.opened(byteCount: byteCount)
    #if FAULTS
      faults?.count(1)
    #endif
  }

  deinit {
    // A failed release cannot be answered by anybody, so its status is dropped.
    _ = release(raw)
    ledger.closed(byteCount: byteCount)
    #if FAULTS
      faults?.count(-1)
    #endif
  }
}
