/// Experts' weights that were moved to the device so far, as counted: each copy when it is made.
package struct ExpertTransfers: Sendable {
  /// Bytes over the link, [layers][phases]; none where the device shares the host's memory and everything fits.
  package var hostToDevice: [[Int]]
  /// Bytes read from the checkpoint, [layers][phases].
  package var diskToHost: [[Int]]
  /// Experts that came, [layers][phases].
  package var loads: [[Int]]
  /// By layer, how often each expert came; only those that did.
  package var loadsByExpert: [[Int: Int]] = []
  /// By phase: experts that passes needed, and of these the ones that were there or on their way.
  package var needed = [0, 0]
  package var hits = [0, 0]
  /// Experts that the device has room for, and those of the model.
  package var slots = 0
  package var experts = 0

  package init(layerCount: Int = 0) {
    hostToDevice = Array(repeating: [0, 0], count: layerCount)
    diskToHost = hostToDevice
    loads = hostToDevice
  }
}
