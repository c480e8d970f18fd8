import COpenCL

/// One of the sources that a program is linked from.
package struct ProgramPart: Sendable {
  package let source: String
  /// As `clCompileProgram` takes them.
  package let options: String
  /// What it is, for errors.
  package let label: String

  package init(source: String, options: String, label: String) {
    self.source = source
    self.options = options
    self.label = label
  }
}

extension Program {
  /// Compiles each part by itself and links them: functions that are not static can be called from the other parts.
  ///
  /// - Throws: the log and the label of the part, or of the program, where compiler or linker refuses.
  package init(_ context: borrowing Context, linking parts: [ProgramPart], label: String) throws(OpenCLError) {
    let device = context.device
    var id: cl_device_id? = device.id
    var objects: [CompiledPart] = []
    for part in parts { objects.append(CompiledPart(try Program.compile(part, context))) }
    var programs: [cl_program?] = objects.map(\.raw)
    var linked: cl_program?
    let status = withUnsafeMutablePointer(to: &linked) { place in
      var status: Int32 = CL_SUCCESS
      withExtendedLifetime(objects) {
        place.pointee = clLinkProgram(
          context.handle.raw, 1, &id, nil, cl_uint(programs.count), &programs, nil, nil, &status)
      }
      return status
    }
    guard let raw = linked else {
      let code = status == CL_SUCCESS ? CL_OUT_OF_HOST_MEMORY : status
      throw OpenCLError(
        code: code, call: "clLinkProgram", context: Program.failure(label, options: "", device, "no program"))
    }
    let handle = Handle(raw, ledger: context.ledger, release: { clReleaseProgram($0) })
    let log = Program.log(of: raw, for: device, label: label)
    try check(status, "clLinkProgram", Program.failure(label, options: "", device, log))
    self.init(handle: handle, device: device, label: label, buildLog: log)
  }

  private static func compile(_ part: ProgramPart, _ context: borrowing Context) throws(OpenCLError) -> Handle {
    let device = context.device
    let handle = try create(context, source: part.source, label: part.label)
    let raw = handle.raw
    var id: cl_device_id? = device.id
    let status = clCompileProgram(raw, 1, &id, part.options, 0, nil, nil, nil, nil)
    try check(
      status, "clCompileProgram",
      failure(part.label, options: part.options, device, log(of: raw, for: device, label: part.label)))
    return handle
  }
}

/// Owns a handle, so that handles can stand in an array.
private final class CompiledPart {
  private let handle: Handle
  var raw: cl_program { handle.raw }

  init(_ handle: consuming Handle) { self.handle = handle }
}
