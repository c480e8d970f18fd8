import Foundation

/// Counts the energy of an NVIDIA GPU, where its management library (NVML) is installed and tells it.
final class NVMLMeter: @unchecked Sendable {
  private typealias Initialise = @convention(c) () -> Int32
  private typealias Count = @convention(c) (UnsafeMutablePointer<UInt32>) -> Int32
  private typealias Find = @convention(c) (UInt32, UnsafeMutablePointer<OpaquePointer?>) -> Int32
  private typealias Name = @convention(c) (OpaquePointer, UnsafeMutablePointer<CChar>, UInt32) -> Int32
  private typealias Energy = @convention(c) (OpaquePointer, UnsafeMutablePointer<UInt64>) -> Int32

  /// The library stays loaded: others in this process may use it.
  private let device: OpaquePointer
  private let energy: Energy

  private static let success: Int32 = 0

  /// - Parameter name: the device's name as its OpenCL driver tells it; nil is returned if NVML knows none of the name, or
  ///   not its energy.
  init?(name: String, library: String = "libnvidia-ml.so.1") {
    guard let handle = dlopen(library, RTLD_NOW | RTLD_LOCAL) else { return nil }
    func function<T>(_ symbol: String, _ type: T.Type) -> T? {
      dlsym(handle, symbol).map { unsafeBitCast($0, to: type) }
    }
    guard let initialise = function("nvmlInit_v2", Initialise.self),
      let count = function("nvmlDeviceGetCount_v2", Count.self),
      let find = function("nvmlDeviceGetHandleByIndex_v2", Find.self),
      let nameOf = function("nvmlDeviceGetName", Name.self),
      let energy = function("nvmlDeviceGetTotalEnergyConsumption", Energy.self), initialise() == Self.success
    else { return nil }
    var devices: UInt32 = 0
    guard count(&devices) == Self.success else { return nil }
    let named = (0..<devices).lazy.compactMap { index -> OpaquePointer? in
      var device: OpaquePointer?
      var text = [CChar](repeating: 0, count: 96)
      guard find(index, &device) == Self.success, let device,
        nameOf(device, &text, UInt32(text.count)) == Self.success
      else { return nil }
      let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      return String(decoding: bytes, as: UTF8.self) == name ? device : nil
    }.first
    var millijoules: UInt64 = 0
    guard let named, energy(named, &millijoules) == Self.success else { return nil }
    device = named
    self.energy = energy
  }

  /// Since the driver was loaded.
  var millijoules: UInt64 {
    var value: UInt64 = 0
    return energy(device, &value) == Self.success ? value : 0
  }
}
