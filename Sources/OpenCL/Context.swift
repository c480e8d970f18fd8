import COpenCL

/// The objects of one device: buffers, programs and queues are made in it and work only together.
package struct Context: ~Copyable, Sendable {
  let handle: Handle
  package let device: Device

  /// What is alive in this context, itself included.
  package var ledger: AllocationLedger { handle.ledger }

  package init(_ device: Device) throws(OpenCLError) {
    let properties: [cl_context_properties] = [
      cl_context_properties(CL_CONTEXT_PLATFORM), cl_context_properties(bitPattern: device.platformID), 0,
    ]
    var id: cl_device_id? = device.id
    let raw = try created(
      "clCreateContext", "device “\(device.name)” of platform “\(device.platformName)”",
      { clCreateContext(properties, 1, &id, nil, nil, $0) })
    handle = Handle(raw, ledger: AllocationLedger(), release: { clReleaseContext($0) })
    self.device = device
  }
}
