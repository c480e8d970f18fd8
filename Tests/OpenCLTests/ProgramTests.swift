import OpenCL
import Testing

@Suite(.needsDevice)
struct ProgramTests {
  @Test("a build error has the compiler's message, the label and the options", arguments: TestDevice.all)
  func buildError(_ device: Device) throws {
    let context = try Context(device)
    let source = "__kernel void broken(__global int *a) { a[0] = not_declared_anywhere; }"
    let error = try thrown {
      _ = try Program(context, source: source, options: "-DTILE=64", label: "Linear/broken.cl")
    }
    #expect(error.call == "clBuildProgram")
    #expect(error.symbol == "CL_BUILD_PROGRAM_FAILURE")
    #expect(error.context.contains("not_declared_anywhere"))
    #expect(error.context.contains("Linear/broken.cl"))
    #expect(error.context.contains("-DTILE=64"))
    #expect(context.ledger.liveHandles == 1, "the failed program has to be released")
  }

  @Test("options reach the compiler", arguments: TestDevice.all)
  func options(_ device: Device) throws {
    let context = try Context(device)
    let source = """
      #ifndef VALUE
      #error VALUE is missing
      #endif
      __kernel void put(__global int *a) { a[0] = VALUE; }
      """
    #expect(throws: OpenCLError.self) { _ = try Program(context, source: source, options: "", label: "put") }
    let program = try Program(context, source: source, options: "-DVALUE=1234", label: "put")
    #expect(try put(context, program) == 1234)
  }

  @Test("a program made from its own binary computes the same", arguments: TestDevice.all)
  func binary(_ device: Device) throws {
    let context = try Context(device)
    let source = "__kernel void put(__global int *a) { a[0] = 77; }"
    let program = try Program(context, source: source, options: TestDevice.options, label: "put")
    let binary = try program.binary()
    #expect(!binary.isEmpty)
    let again = try Program(context, binary: binary, options: TestDevice.options, label: "put")
    #expect(try put(context, again) == 77)
  }

  @Test(arguments: TestDevice.all)
  func emptyBinary(_ device: Device) throws {
    let context = try Context(device)
    let error = try thrown { _ = try Program(context, binary: [], options: "", label: "nothing") }
    #expect(error.symbol == "CL_INVALID_BINARY")
    #expect(error.context.contains("nothing"))
  }

  @Test("an unknown kernel's error names kernel and program", arguments: TestDevice.all)
  func unknownKernel(_ device: Device) throws {
    let context = try Context(device)
    let program = try Program(context, source: "__kernel void put(int a) {}", options: "", label: "Norm/rms.cl")
    let error = try thrown { _ = try Kernel(program, name: "absent") }
    #expect(error.symbol == "CL_INVALID_KERNEL_NAME")
    #expect(error.context.contains("absent"))
    #expect(error.context.contains("Norm/rms.cl"))
  }

  @Test("a kernel knows its arguments and work-group limits", arguments: TestDevice.all)
  func kernelInfo(_ device: Device) throws {
    let context = try Context(device)
    let program = try Program(
      context, source: "__kernel void three(__global float *a, int b, float c) { a[b] = c; }",
      options: TestDevice.options, label: "three")
    let kernel = try Kernel(program, name: "three")
    #expect(kernel.name == "three")
    #expect(kernel.argumentCount == 3)
    let largest = try kernel.maxWorkGroupSize()
    #expect(largest >= 1 && largest <= device.maxWorkGroupSize)
    #expect(try kernel.preferredWorkGroupMultiple() >= 1)
  }

  @Test("the ledger is back at zero after programs that built and programs that did not", arguments: TestDevice.all)
  func ledger(_ device: Device) throws {
    func use() throws -> AllocationLedger {
      let context = try Context(device)
      let program = try Program(
        context, source: "__kernel void put(__global int *a) { a[0] = 7; }", options: "", label: "put")
      _ = try? Program(context, source: "what is this", options: "", label: "broken")
      _ = try? Kernel(program, name: "absent")
      #expect(context.ledger.liveHandles == 2)
      #expect(try put(context, program) == 7)
      #expect(context.ledger.liveHandles == 2)
      return context.ledger
    }
    let ledger = try use()
    #expect(ledger.liveHandles == 0)
    #expect(ledger.liveBytes == 0)
    #expect(ledger.peakBytes == 4)
  }
}

/// What the kernel `put` of a program writes.
func put(_ context: borrowing Context, _ program: borrowing Program) throws -> Int32 {
  let queue = try Queue(context)
  let buffer = try Buffer(context, byteCount: 4, label: "result")
  var kernel = try Kernel(program, name: "put")
  try queue.launch(&kernel, global: Extent(1), local: nil, buffer.view)
  return try queue.read(buffer.view, count: 1, as: Int32.self)[0]
}
