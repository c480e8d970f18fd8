#if FAULTS
  import OpenCL

  /// A fault, and what errors have to say of it.
  struct Injection {
    private(set) var kind: Faults.Kind
    /// For a person.
    let name: String
    /// One of them stands in every error.
    let symbols: [String]
    /// This, too: what the compiler said.
    var log: String?
    /// Whether all calls behind it fail.
    var isLost = false

    static let compilerText = "line 1: the compiler had enough"
    /// What waiting for an event gives that has failed (OpenCL 3.0, section 5.11).
    private static let failedEvent: Int32 = -14

    /// Those of a site at its use `number`.
    ///
    /// - Parameter all: every documented status and the loss of the device, not only one.
    static func all(_ site: Faults.Site, _ number: Int, all: Bool) -> [Injection] {
      if site.isEvent {
        return (all ? [-5, -4] : [-5]).map {
          Injection(
            kind: .event(site, number: number, status: $0), name: symbol($0),
            symbols: [symbol($0), symbol(failedEvent)])
        }
      }
      let statuses = (all ? statuses(of: site.call) : [-5]).map {
        Injection(kind: .once(site, number: number, status: $0), name: symbol($0), symbols: [symbol($0)])
      }
      let refusals = (refusals[site.call].map { [$0] } ?? []).map {
        Injection(
          kind: .refused(site, number: number, status: $0, log: compilerText), name: "\(symbol($0)) with a log",
          symbols: [symbol($0)], log: compilerText)
      }
      return statuses + refusals
    }

    /// From a use of a site on the device is gone.
    static func loss(_ site: Faults.Site, _ number: Int) -> Injection {
      Injection(
        kind: .lost(site, number: number), name: "device lost", symbols: ["CL_DEVICE_NOT_AVAILABLE"], isLost: true)
    }

    /// The same at another use of the site.
    func at(_ number: Int) -> Injection {
      var other = self
      other.kind =
        switch kind {
        case .none, .warned: kind
        case .once(let site, _, let status): .once(site, number: number, status: status)
        case .refused(let site, _, let status, let log): .refused(site, number: number, status: status, log: log)
        case .event(let site, _, let status): .event(site, number: number, status: status)
        case .lost(let site, _): .lost(site, number: number)
        }
      return other
    }

    private static func symbol(_ status: Int32) -> String { OpenCLError(code: status, call: "", context: "").symbol }

    /// CL_BUILD_PROGRAM_FAILURE, CL_COMPILE_PROGRAM_FAILURE, CL_LINK_PROGRAM_FAILURE.
    private static let refusals: [String: Int32] = [
      "clBuildProgram": -11, "clCompileProgram": -15, "clLinkProgram": -17,
    ]

    /// What a driver may answer to a call that is right: out of resources, of host memory and of device memory and a failed command
    /// before to all, and what OpenCL 3.0 documents of the call beside these.
    private static func statuses(of call: String) -> [Int32] {
      let own: [Int32] =
        switch call {
        // CL_INVALID_BUFFER_SIZE
        case "clCreateBuffer": [-61]
        // CL_MAP_FAILURE
        case "clEnqueueMapBuffer": [-12]
        // CL_COMPILER_NOT_AVAILABLE
        case "clBuildProgram", "clCompileProgram": [-3]
        // CL_LINKER_NOT_AVAILABLE
        case "clLinkProgram": [-16]
        // CL_INVALID_BINARY
        case "clCreateProgramWithBinary": [-42]
        // CL_INVALID_PROGRAM_EXECUTABLE, CL_INVALID_KERNEL_NAME, CL_INVALID_KERNEL_DEFINITION
        case "clCreateKernel": [-45, -46, -47]
        // CL_PROFILING_INFO_NOT_AVAILABLE
        case "clGetEventProfilingInfo": [-7]
        // CL_DEVICE_NOT_AVAILABLE
        case "clCreateContext": [-2]
        // CL_INVALID_QUEUE_PROPERTIES
        case "clCreateCommandQueue", "clCreateCommandQueueWithProperties": [-35]
        default: []
        }
      return [-5, -6, -4, failedEvent] + own
    }
  }
#endif
