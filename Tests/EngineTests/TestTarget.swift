import Engine
import OpenCL
import OpenCLBackend
import Scheduling
import Testing

/// Where a test runs a model: the reference, or one of the families of kernels on an OpenCL device.
struct TestTarget: Sendable, CustomTestStringConvertible {
  let device: DeviceSelection
  let plan: DevicePlan?
  let testDescription: String

  private init(_ device: DeviceSelection, _ plan: DevicePlan?) {
    self.device = device
    self.plan = plan
    testDescription = plan.map { "\(device.name), \($0.style.rawValue) kernels" } ?? device.name
  }

  static let reference = TestTarget(.reference, nil)
  static let devices = ((try? Device.all()) ?? []).filter { DeviceReport($0).isUsable }
  /// Every OpenCL device with each family of kernels that it can run at speed.
  static let openCL = devices.flatMap { device in
    KernelStyle.allCases.map { DevicePlan(device, style: $0) }
      .filter { $0.style != .mma || !$0.emulatesMatrixUnits }
      .map { TestTarget(.openCL(device), $0) }
  }
  /// The kernels for matrix units where they are acted out: slow, so for a test or two.
  static let emulated = devices.prefix(1).map { TestTarget(.openCL($0), DevicePlan($0, style: .mma)) }
  /// Every OpenCL device with the kernels that it would choose.
  static let chosen = devices.map { TestTarget(.openCL($0), DevicePlan($0)) }
  static let all = [reference] + openCL
  /// The first OpenCL device if there is one: for what does not depend on the device.
  static let any = chosen.first ?? reference

  func options(cachePositions: Int, policy: any Policy = Layered()) -> EngineOptions {
    EngineOptions(device: device, policy: policy, cachePositions: cachePositions, plan: plan)
  }
}

extension Trait where Self == ConditionTrait {
  static var needsOpenCL: Self { .enabled(if: !TestTarget.devices.isEmpty, "needs an OpenCL device") }
}
