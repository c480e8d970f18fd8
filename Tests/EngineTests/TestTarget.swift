import Backend
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
  /// Other than the plan's, if given.
  private var activations: ActivationPrecision?

  private init(_ device: DeviceSelection, _ plan: DevicePlan?) {
    self.device = device
    self.plan = plan
    testDescription =
      plan.map { "\(device.name), \($0.style.rawValue) kernels, \($0.activations.name)" } ?? device.name
  }

  static let reference = TestTarget(.reference, nil)
  static let devices = ((try? Device.all()) ?? []).filter { DeviceReport($0).isUsable }
  /// Every OpenCL device with each family of kernels.
  private static let everything = devices.flatMap { device in
    KernelStyle.allCases.map {
      var plan = DevicePlan(device, style: $0)
      plan.activations = .float32
      return (plan: plan, target: TestTarget(.openCL(device), plan))
    }
  }
  /// Those that run as they are; matrix units that are acted out take too long for more than a few checks.
  static let openCL = everything.filter { $0.plan.style != .mma || !$0.plan.emulatesMatrixUnits }.map(\.target)
  static let actedOut = everything.filter { $0.plan.style == .mma && $0.plan.emulatesMatrixUnits }.map(\.target)
  /// Every OpenCL device with activations of eight bits, by plain code, as the device does it best, and on matrix units.
  static let integer = devices.flatMap { device in
    var plans = [DevicePlan(device, style: .cpu), DevicePlan(device, style: .cpu), DevicePlan(device, style: .mma)]
    for index in plans.indices { plans[index].activations = .int8 }
    plans[0].hasByteDots = false
    return plans.map { TestTarget(.openCL(device), $0) }
  }
  /// Every OpenCL device with the kernels that it would choose, and with those on f32 activations.
  static let chosen = devices.map { TestTarget(.openCL($0), DevicePlan($0)) }
  static let unrounded = devices.map { device in
    var plan = DevicePlan(device)
    plan.activations = .float32
    return TestTarget(.openCL(device), plan)
  }
  static let all = [reference] + openCL
  /// The first OpenCL device if there is one: for what does not depend on the device.
  static let any = unrounded.first ?? reference

  /// Whether matrix units are acted out, slowly.
  var isActedOut: Bool { plan.map { $0.style == .mma && $0.emulatesMatrixUnits } ?? false }

  /// The relative error that logits and hidden states may have. Matrix units take activations as sums of two bf16 numbers,
  /// which keep 2⁻¹⁸ of a value; where a next product rounds to eight bits, some values are a code of 127 away for it.
  var tolerance: Double {
    guard let plan, plan.style == .mma else { return 1e-4 }
    return plan.usedActivations.contains(.int8) ? 4e-3 : 3e-4
  }

  func options(cachePositions: Int, policy: any Policy = Layered()) -> EngineOptions {
    var options = EngineOptions(device: device, policy: policy, cachePositions: cachePositions, plan: plan)
    options.activations = activations
    return options
  }

  /// The reference with this target's precision.
  var ownReference: TestTarget {
    var reference = TestTarget.reference
    reference.activations = plan?.activations
    return reference
  }
}

extension Trait where Self == ConditionTrait {
  static var needsOpenCL: Self { .enabled(if: !TestTarget.devices.isEmpty, "needs an OpenCL device") }
}
