import Engine
import OpenCL
import Simulation

/// How many copies of some weights it takes to find none of them in a device's cache.
enum WeightCopies {
  /// Of weights, caches and activations together at most this share of the device's memory.
  private static let memoryShare = 0.5
  /// So many caches full; drivers of CPUs may tell the cache of one core only.
  private static let caches = 4
  private static let leastCache = 32 << 20

  /// At least one, and no more than the model has layers.
  ///
  /// - Parameter others: bytes that are needed besides.
  /// - Throws: `ProfilingError` if they take more than half of the device's memory.
  static func count(of bytes: Double, besides others: Double = 0, _ model: ModelShape, _ device: Device) throws -> Int {
    let wanted = Double(caches * max(device.globalCache, leastCache))
    let count = max(1, min(model.layers, Int((wanted / bytes).rounded(.up))))
    let total = Double(count) * bytes + others
    guard device.globalMemory == 0 || total <= memoryShare * Double(device.globalMemory) else {
      throw ProfilingError(
        "device \"\(device.name)\" has too little memory to measure layers of \(model.name): \(readable(Int(total))) of "
          + "weights are needed, expected at most half of its \(readable(device.globalMemory))")
    }
    return count
  }
}
