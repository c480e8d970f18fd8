package import OpenCL

/// What a device has of what this backend uses, and what is done where it lacks something.
package struct DeviceReport: Sendable {
  /// One thing that a device may or may not have.
  package struct Capability: Sendable, Equatable {
    package var name: String
    package var isPresent: Bool
    /// What is used here: the thing itself, or what stands in for it, and why.
    package var used: String
  }

  package let device: Device
  package let plan: DevicePlan
  package let capabilities: [Capability]

  package init(_ device: Device) {
    self.device = device
    let plan = DevicePlan(device)
    self.plan = plan
    let isCPU = plan.style == .cpu
    var list: [Capability] = []
    func add(_ name: String, _ isPresent: Bool, _ used: String, instead: String) {
      list.append(Capability(name: name, isPresent: isPresent, used: isPresent ? used : instead))
    }
    add(
      "availability", device.isAvailable, "the driver says that the device can be used",
      instead: "nothing: the driver says that the device is not available; use --device reference")
    add(
      "compiler", device.hasCompiler, "kernels are built from source, then kept as binaries",
      instead: "nothing: kernels are built on the device; use --device reference")
    add(
      "little-endian", device.isLittleEndian, "weights are copied as they are",
      instead: "nothing: weights are little-endian; use --device reference")
    add(
      "memory shared with the host", plan.mapsWeights, "weights are laid out in place, through a mapping",
      instead: "weights go through a staging buffer of 16 MiB, since the host cannot write device memory")
    add(
      "local memory of its own", device.localMemoryIsDedicated,
      isCPU ? "not used by the CPU kernels" : "tiles of weights and rows are shared through it",
      instead: isCPU
        ? "register tiles: here local memory is a part of global memory, and copying to it gains nothing"
        : "the same kernels; their tiles lie in global memory")
    add(
      "vectors of 16 floats", plan.lanes == 16, isCPU ? "register tiles of 16 lanes" : "not used by the GPU kernels",
      instead: isCPU
        ? "register tiles of \(plan.lanes) lanes, the hardware's width"
        : "scalars: on a GPU a work-item is one lane")
    add(
      "work-groups of 128", device.maxWorkGroupSize >= 128,
      isCPU ? "not used by the CPU kernels" : "products by groups of 128 work-items",
      instead: isCPU
        ? "not needed by the CPU kernels" : "products by groups of 64 work-items, since larger ones are not allowed")
    add(
      "matrix units (mma.sync by inline PTX)", MatrixUnits.areUsable(on: device),
      "products of weights, with activations as sums of two bf16 numbers; with --activations int8 of blocks, with bytes",
      instead: isCPU ? "not needed by the CPU kernels" : "f32 multiply-adds")
    add(
      "denormals (CL_FP_DENORM)", device.keepsDenormals, "kept: f32 numbers below 2⁻¹²⁶ count",
      instead: "not needed: f32 numbers below 2⁻¹²⁶ may become zero")
    add(
      "fp16 arithmetic (cl_khr_fp16)", device.extensions.contains("cl_khr_fp16"),
      "not needed: activations and sums are f32", instead: "f32: activations and sums are f32 everywhere")
    let found = isCPU ? nil : Subgroups.found(on: device)
    add(
      "subgroups (cl_khr_subgroups or cl_intel_subgroups)", Subgroups.areOffered(by: device),
      isCPU
        ? "not used by the CPU kernels"
        : found.map { "\($0.name): sums, products and attention read other lanes' registers" }
          ?? "not used, as they are not what the kernels need: values are shared through local memory",
      instead: isCPU ? "vectors of one work-item" : "values are shared through local memory")
    capabilities = list
  }

  /// Whether the device can run models at all; if not, a capability says why.
  package var isUsable: Bool { device.hasCompiler && device.isLittleEndian && device.isAvailable }

  /// The kernels that would be chosen, in words.
  package var variant: String {
    switch plan.style {
    case .cpu: "CPU kernels: panels of \(DevicePlan.panel) features, \(plan.lanes) lanes, register tiles"
    case .mma:
      "matrix-unit kernels: strips of \(WeightLayout.stripRows) rows, tiles of 8 to \(MatrixTile.mostTokens) tokens"
    case .gpu:
      "GPU kernels: local-memory tiles of \(plan.blockM) × \(plan.blockN), groups of \(plan.threadsM * DevicePlan.threadsN)"
        + (plan.subgroups.map { ", \($0.name)" } ?? "")
    }
  }
}
