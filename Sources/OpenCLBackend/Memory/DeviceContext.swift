import OpenCL

/// A context that several objects use.
final class DeviceContext: Sendable {
  let context: Context

  init(_ context: consuming Context) { self.context = context }
}
