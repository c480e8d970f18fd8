import OpenCL

/// What a pass queued that may come again.
struct Recording {
  var launches: [StagedLaunch]
  /// Of the batch that they have.
  var batch: [KernelValue.RawBuffer]
  var rows: Int
  /// The pass before it queued the same, so the next one will, too, if nothing else is queued between.
  var isSteady: Bool
  /// What the backend had queued by its end.
  var queued: Int
}
