import COpenCL

/// One device and what its driver tells about it, read once.
///
/// A query that the driver does not know gives a neutral value, never an error: `""` for text, `0` for a number, `false`
/// for a flag, an empty list or set. `0` as a limit means "not told", not "nothing allowed".
///
/// `@unchecked Sendable`: ids of root devices are constants of the process and are never released.
package struct Device: @unchecked Sendable, Equatable {
  package enum Kind: String, Sendable {
    case cpu, gpu, accelerator, custom
  }

  let id: cl_device_id
  let platformID: cl_platform_id
  package let platformName: String
  /// The platform's version, such as `OpenCL 3.0 PoCL 3.1`.
  package let platformVersion: String
  package let name: String
  package let vendor: String
  /// The device's version, such as `OpenCL 3.0 CUDA`.
  package let version: String
  package let driverVersion: String
  /// The version of OpenCL C, such as `OpenCL C 1.2`.
  package let languageVersion: String
  package let kind: Kind
  package let computeUnits: Int
  package let clockMHz: Int
  /// Bytes of device memory.
  package let globalMemory: Int
  /// Bytes of the cache in front of device memory.
  package let globalCache: Int
  /// Bytes that one buffer may have.
  package let maxAllocation: Int
  /// Bytes of local memory that one work-group may use.
  package let localMemory: Int
  /// Whether local memory is storage of its own, and not a part of device memory.
  package let localMemoryIsDedicated: Bool
  package let maxWorkGroupSize: Int
  /// The largest work-group in each dimension.
  package let maxWorkItemSizes: [Int]
  /// Lanes of the widest float vector of the hardware.
  package let nativeFloatWidth: Int
  /// Lanes of the float vector that the compiler likes best; 1 where it vectorises over work-items.
  package let preferredFloatWidth: Int
  /// Whether device and host share memory.
  package let unifiedMemory: Bool
  /// Whether the host may read and write buffers of shared virtual memory at any time, without mapping them.
  package let sharesFineGrainedMemory: Bool
  /// Whether f32 numbers below 2⁻¹²⁶ are numbers, and not zero, to the device.
  package let keepsDenormals: Bool
  package let isAvailable: Bool
  package let hasCompiler: Bool
  /// Whether programs can be linked from parts.
  package let hasLinker: Bool
  /// Bytes that the arguments of a kernel may have.
  package let maxParameterBytes: Int
  package let isLittleEndian: Bool
  /// Bytes that the start of a buffer is aligned to.
  package let baseAddressAlignment: Int
  /// NVIDIA's number for what instructions the hardware has, such as (9, 0); nil without `cl_nv_device_attribute_query`.
  package let computeCapability: ComputeCapability?
  /// Subgroups of a work-group at most; 0 where there are none, or OpenCL is older than 2.1.
  package let maxSubgroups: Int
  /// Sub-group sizes that a kernel may require by `cl_intel_required_subgroup_size`; empty without the extension.
  package let subgroupSizes: [Int]
  package let extensions: Set<String>

  /// Every device of every platform, in order.
  package static func all() throws(OpenCLError) -> [Device] {
    var devices: [Device] = []
    for platform in try Platform.all() { devices += try platform.devices() }
    return devices
  }

  package static func == (left: Device, right: Device) -> Bool { left.id == right.id }

  init(_ id: cl_device_id, platform: Platform) {
    let info = DeviceInfo(id: id)
    self.id = id
    platformID = platform.id
    platformName = platform.name
    platformVersion = platform.version
    name = info.string(CL_DEVICE_NAME)
    vendor = info.string(CL_DEVICE_VENDOR)
    version = info.string(CL_DEVICE_VERSION)
    driverVersion = info.string(CL_DRIVER_VERSION)
    languageVersion = info.string(CL_DEVICE_OPENCL_C_VERSION)
    kind = Kind(typeBits: info.number(CL_DEVICE_TYPE, as: cl_device_type.self))
    computeUnits = info.number(CL_DEVICE_MAX_COMPUTE_UNITS, as: cl_uint.self)
    clockMHz = info.number(CL_DEVICE_MAX_CLOCK_FREQUENCY, as: cl_uint.self)
    globalMemory = info.number(CL_DEVICE_GLOBAL_MEM_SIZE, as: cl_ulong.self)
    globalCache = info.number(CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, as: cl_ulong.self)
    maxAllocation = info.number(CL_DEVICE_MAX_MEM_ALLOC_SIZE, as: cl_ulong.self)
    localMemory = info.number(CL_DEVICE_LOCAL_MEM_SIZE, as: cl_ulong.self)
    localMemoryIsDedicated = info.number(CL_DEVICE_LOCAL_MEM_TYPE, as: cl_uint.self) == Int(CL_LOCAL)
    maxWorkGroupSize = info.number(CL_DEVICE_MAX_WORK_GROUP_SIZE, as: Int.self)
    maxWorkItemSizes = info.numbers(CL_DEVICE_MAX_WORK_ITEM_SIZES, as: Int.self)
    nativeFloatWidth = info.number(CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, as: cl_uint.self)
    preferredFloatWidth = info.number(CL_DEVICE_PREFERRED_VECTOR_WIDTH_FLOAT, as: cl_uint.self)
    unifiedMemory = info.flag(CL_DEVICE_HOST_UNIFIED_MEMORY)
    let svm = info.number(CL_DEVICE_SVM_CAPABILITIES, as: cl_ulong.self)
    sharesFineGrainedMemory =
      unifiedMemory && OpenCLVersion(platform.version) >= OpenCLVersion(major: 2, minor: 0)
      && svm & Int(CL_DEVICE_SVM_FINE_GRAIN_BUFFER) != 0
    let single = info.number(CL_DEVICE_SINGLE_FP_CONFIG, as: cl_device_fp_config.self)
    keepsDenormals = single & Int(CL_FP_DENORM) != 0
    isAvailable = info.flag(CL_DEVICE_AVAILABLE)
    hasCompiler = info.flag(CL_DEVICE_COMPILER_AVAILABLE)
    hasLinker = info.flag(CL_DEVICE_LINKER_AVAILABLE)
    maxParameterBytes = info.number(CL_DEVICE_MAX_PARAMETER_SIZE, as: Int.self)
    isLittleEndian = info.flag(CL_DEVICE_ENDIAN_LITTLE)
    baseAddressAlignment = info.number(CL_DEVICE_MEM_BASE_ADDR_ALIGN, as: cl_uint.self) / 8
    let extensions = Set(info.string(CL_DEVICE_EXTENSIONS).split(separator: " ").map(String.init))
    maxSubgroups = info.number(CL_DEVICE_MAX_NUM_SUB_GROUPS, as: cl_uint.self)
    let hasSizes = extensions.contains("cl_intel_required_subgroup_size")
    subgroupSizes = hasSizes ? info.numbers(CL_DEVICE_SUB_GROUP_SIZES_INTEL, as: Int.self) : []
    let hasCapability = extensions.contains("cl_nv_device_attribute_query")
    computeCapability =
      hasCapability
      ? ComputeCapability(
        major: info.number(CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV, as: cl_uint.self),
        minor: info.number(CL_DEVICE_COMPUTE_CAPABILITY_MINOR_NV, as: cl_uint.self)) : nil
    self.extensions = extensions
  }
}

extension Device {
  package struct ComputeCapability: Sendable, Equatable, Comparable {
    package var major: Int
    package var minor: Int

    package init(major: Int, minor: Int) {
      self.major = major
      self.minor = minor
    }

    package static func < (left: Self, right: Self) -> Bool { (left.major, left.minor) < (right.major, right.minor) }
  }
}

extension Device.Kind {
  /// A device's type is a set of bits; `CL_DEVICE_TYPE_DEFAULT` may be among them and says nothing about the kind.
  fileprivate init(typeBits: Int) {
    func has(_ bit: Int32) -> Bool { typeBits & Int(bit) != 0 }
    self =
      has(CL_DEVICE_TYPE_GPU)
      ? .gpu : has(CL_DEVICE_TYPE_ACCELERATOR) ? .accelerator : has(CL_DEVICE_TYPE_CPU) ? .cpu : .custom
  }
}
