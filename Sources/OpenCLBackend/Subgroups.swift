import Kernels
package import OpenCL

/// Subgroups of work-items, whose lanes read each other's registers (`Kernels/Common/subgroups.clh`).
package struct Subgroups: Sendable, Equatable {
  /// How a lane reads from a lane of its own choice, as `SUBGROUP_SHUFFLES` has it.
  enum Shuffles: Int, Sendable {
    case localMemory, khronos, intel
  }

  /// Lanes.
  package var size: Int
  var shuffles: Shuffles
  /// The compiler is told the size; else it has just one.
  var isRequired: Bool
  /// The version of OpenCL C in which the compiler knows them.
  var language: String
  /// They are acted out through local memory, on a device without them: for checks, slowly.
  package var isEmulated: Bool

  /// Subgroups that any device can act out.
  package static func emulated(size: Int) -> Subgroups {
    Subgroups(size: size, shuffles: .localMemory, isRequired: false, language: "1.2", isEmulated: true)
  }

  /// The sizes that kernels are written for, the best one first.
  package static let sizes = [16, 32, 8, 64]

  package var name: String { "subgroups of \(size)\(isEmulated ? ", acted out" : "")" }

  var macros: String {
    " -DSUBGROUP_SIZE=\(size) -DSUBGROUP_SHUFFLES=\(shuffles.rawValue)" + (isRequired ? " -DSUBGROUP_REQUIRED=1" : "")
      + (isEmulated ? " -DSUBGROUPS_EMULATED=1" : "")
  }

  /// Whether a kernel was compiled for subgroups of this size, which some compilers choose for each kernel. One for work-groups of
  /// any size uses none.
  func fit(_ kernel: borrowing Kernel) -> Bool {
    isEmulated || isRequired || kernel.subgroupSize.map { $0 == size } ?? true
  }
}

extension Subgroups {
  private static let probed = DeviceProbe { device in candidates(for: device).first { $0.work(on: device) } }

  /// What a device has that the kernels can use, nil if nothing; builds a kernel and runs it to see, once for a device.
  package static func found(on device: Device) -> Subgroups? { probed.finding(on: device) }

  /// All that the kernels can use of a device, the best one first: for tests.
  package static func all(on device: Device) -> [Subgroups] {
    guard let best = found(on: device) else { return [] }
    return candidates(for: device).filter { $0.language == best.language && $0.work(on: device) }
  }

  /// Whether the device says that it has some.
  static func areOffered(by device: Device) -> Bool {
    device.maxSubgroups > 0 || !device.extensions.isDisjoint(with: ["cl_khr_subgroups", "cl_intel_subgroups"])
  }

  private static func candidates(for device: Device) -> [Subgroups] {
    guard areOffered(by: device), device.hasCompiler else { return [] }
    let version = OpenCLVersion(device.version)
    let languages = [("1.2", 1), ("3.0", 3), ("2.0", 2)].filter { $0.1 <= version.major }.map(\.0)
    let extensions = [(Shuffles.khronos, "cl_khr_subgroup_shuffle"), (.intel, "cl_intel_subgroups")]
    let shuffles = extensions.filter { device.extensions.contains($0.1) }.map(\.0) + [.localMemory]
    let isRequired = !device.subgroupSizes.isEmpty
    let offered = sizes.filter { !isRequired || device.subgroupSizes.contains($0) }
    return languages.flatMap { language in
      shuffles.flatMap { shuffles in
        offered.map {
          Subgroups(size: $0, shuffles: shuffles, isRequired: isRequired, language: language, isEmulated: false)
        }
      }
    }
  }

  /// The work-groups of all kernels that use subgroups.
  private static let groups = [(64, 1), (256, 1), (16, 4), (16, 8), (16, 16)]

  /// Whether the lanes are the work-items that kernels take them for, and read from each other what they should.
  private func work(on device: Device) -> Bool {
    let groups = Self.groups.filter { $0.0 * $0.1 <= device.maxWorkGroupSize }
    return (try? groups.allSatisfy { try works(in: $0, on: Context(device)) }) ?? false
  }

  private func works(in group: (Int, Int), on context: borrowing Context) throws -> Bool {
    let source = try KernelLibrary.source("Common/subgroups.clh") + Self.probe
    let options = "-cl-std=CL\(language) -DX=\(group.0) -DY=\(group.1)\(macros)"
    let program = try ProgramCache().program(context, source: source, options: options, label: "subgroups")
    var kernel = try Kernel(program, name: "probe")
    guard fit(kernel) else { return false }
    let queue = try Queue(context)
    var right = [Int32](repeating: 0, count: 2 * group.0 * group.1)
    let buffer = try Buffer(context, byteCount: 4 * right.count, label: "subgroups")
    try right.withUnsafeBytes { try queue.write($0, to: buffer.view, at: 0) }
    try queue.launch(&kernel, global: Extent(2 * group.0, group.1), local: Extent(group.0, group.1), buffer.view)
    try right.withUnsafeMutableBytes { try queue.read(buffer.view, at: 0, into: $0) }
    return right.allSatisfy { $0 == 1 }
  }

  /// Writes 1 for each work-item that is the lane it should be and reads every lane's number, at once and in turn.
  private static let probe = """
    #define GROUP (X * Y)
    __kernel SUBGROUP_KERNEL __attribute__((reqd_work_group_size(X, Y, 1))) void probe(__global int *right) {
      __local float exchange[EXCHANGE_SIZE_OF(GROUP)];
      const int item = item_of_group(), lane = item % SUBGROUP_SIZE, first = item - lane;
      int isRight = get_sub_group_size() == SUBGROUP_SIZE && get_sub_group_local_id() == lane
          && get_sub_group_id() == item / SUBGROUP_SIZE;
      for (int i = 0; i < SUBGROUP_SIZE; i++) {
        isRight &= lane_broadcast(item, i, exchange) == first + i;
        isRight &= lane_shuffle(item, (lane + i) % SUBGROUP_SIZE, exchange) == first + (lane + i) % SUBGROUP_SIZE;
        isRight &= lane_shuffle(item, lane ^ i, exchange) == first + (lane ^ i);
      }
      right[get_group_id(0) * GROUP + item] = isRight;
    }
    """
}
