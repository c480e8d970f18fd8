import COpenCL

/// A source or binary built for a context's device.
package struct Program: ~Copyable, Sendable {
  let handle: Handle
  let device: Device
  /// What it is, for errors; usually the name of the .cl file.
  package let label: String
  /// What the compiler said; on success its warnings, mostly empty.
  package let buildLog: String

  /// Compiles.
  ///
  /// - Parameter options: as `clBuildProgram` takes them: `-cl-std=CL1.2 -DTILE=64`.
  /// - Throws: the build log and the label, where the compiler refuses.
  package init(
    _ context: borrowing Context, source: String, options: String, label: String
  ) throws(OpenCLError) {
    let handle = try Program.create(context, source: source, label: label)
    let log = try Program.build(handle.raw, for: context.device, options: options, label: label)
    self.handle = handle
    device = context.device
    self.label = label
    buildLog = log
  }

  init(handle: consuming Handle, device: Device, label: String, buildLog: String) {
    self.handle = handle
    self.device = device
    self.label = label
    self.buildLog = buildLog
  }

  /// Makes the object of a source that is not compiled yet.
  static func create(_ context: borrowing Context, source: String, label: String) throws(OpenCLError) -> Handle {
    var source = source
    let raw = try created(
      "clCreateProgramWithSource", "program “\(label)”",
      { [raw = context.handle.raw] status in
        source.withUTF8 { utf8 in
          var length = utf8.count
          return utf8.withMemoryRebound(to: CChar.self) { characters in
            var start: UnsafePointer<CChar>? = characters.baseAddress
            return clCreateProgramWithSource(raw, 1, &start, &length, status)
          }
        }
      })
    return Handle(raw, ledger: context.ledger, release: { clReleaseProgram($0) })
  }

  /// Loads what `binary()` gave for the same device and driver.
  ///
  /// Drivers may crash on bytes that they did not make themselves: check them first, as `ProgramCache` does.
  package init(
    _ context: borrowing Context, binary: [UInt8], options: String, label: String
  ) throws(OpenCLError) {
    guard !binary.isEmpty else {
      throw OpenCLError(
        code: CL_INVALID_BINARY, call: "clCreateProgramWithBinary", context: "program “\(label)”: the binary is empty")
    }
    var id: cl_device_id? = context.device.id
    var binaryStatus: cl_int = CL_SUCCESS
    let raw = try created(
      "clCreateProgramWithBinary", "program “\(label)”, binary of \(binary.count) bytes",
      { [raw = context.handle.raw] status in
        binary.withUnsafeBufferPointer { bytes in
          var length = bytes.count
          var start = bytes.baseAddress
          return clCreateProgramWithBinary(raw, 1, &id, &length, &start, &binaryStatus, status)
        }
      })
    let handle = Handle(raw, ledger: context.ledger, release: { clReleaseProgram($0) })
    try check(binaryStatus, "clCreateProgramWithBinary", "program “\(label)”, binary of \(binary.count) bytes")
    let log = try Program.build(raw, for: context.device, options: options, label: label)
    self.handle = handle
    device = context.device
    self.label = label
    buildLog = log
  }

  /// The device's form of this program, for `init(_:binary:options:label:)`.
  package func binary() throws(OpenCLError) -> [UInt8] {
    let context = "binary of program “\(label)”"
    let raw = handle.raw
    let answer = try infoBytes(
      "clGetProgramInfo", context, { clGetProgramInfo(raw, cl_program_info(CL_PROGRAM_BINARY_SIZES), $0, $1, $2) })
    // One size per device, and a context here has one.
    guard let sizes = integers(answer, as: Int.self), sizes.count == 1, let size = sizes.first, size > 0 else {
      throw OpenCLError(
        code: CL_INVALID_PROGRAM_EXECUTABLE, call: "clGetProgramInfo", context: "\(context): the driver has none")
    }
    var bytes = [UInt8](repeating: 0, count: size)
    let status = bytes.withUnsafeMutableBufferPointer { bytes in
      var place = bytes.baseAddress
      return withUnsafeMutablePointer(to: &place) {
        clGetProgramInfo(
          raw, cl_program_info(CL_PROGRAM_BINARIES), MemoryLayout<UnsafeMutablePointer<UInt8>?>.size, $0, nil)
      }
    }
    try check(status, "clGetProgramInfo", context)
    return bytes
  }

  /// Builds and gives the log; a failure carries the log.
  private static func build(
    _ program: cl_program, for device: Device, options: String, label: String
  ) throws(OpenCLError) -> String {
    var id: cl_device_id? = device.id
    let status = clBuildProgram(program, 1, &id, options, nil, nil)
    let log = log(of: program, for: device, label: label)
    try check(status, "clBuildProgram", failure(label, options: options, device, log))
    return log
  }

  /// What the compiler or linker said last.
  static func log(of program: cl_program, for device: Device, label: String) -> String {
    let answer = try? infoBytes(
      "clGetProgramBuildInfo", label,
      { clGetProgramBuildInfo(program, device.id, cl_program_build_info(CL_PROGRAM_BUILD_LOG), $0, $1, $2) })
    #if FAULTS
      if let log = Faults.buildLog { return log }
    #endif
    return answer.map { text($0) } ?? ""
  }

  static func failure(_ label: String, options: String, _ device: Device, _ log: String) -> String {
    "program “\(label)” with options “\(options)” on device “\(device.name)”:\n\(log.isEmpty ? "no build log" : log)"
  }
}
