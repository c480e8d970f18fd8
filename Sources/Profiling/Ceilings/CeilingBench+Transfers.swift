import OpenCL

extension CeilingBench {
  /// Bandwidth between host and device, from memory of the process, from memory that the driver has pinned, and by the
  /// host itself through a mapping.
  func measureTransfers() throws -> [Ceiling] {
    let count = min(bufferBytes, 256 << 20)
    let buffer = try Buffer(context, byteCount: count, label: "transfer")
    let host = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 4096)
    defer { host.deallocate() }
    host.initializeMemory(as: UInt8.self, repeating: 1)
    try queue.fill(buffer.view, with: 1, byteCount: count)
    var found = try copies(buffer.view, host, names: (.writePageable, .readPageable), "memory of the process")
    let pinned = try PinnedMemory(context, byteCount: count, label: "transfer")
    pinned.bytes.initializeMemory(as: UInt8.self, repeating: 2)
    found += try copies(
      buffer.view, pinned.bytes, names: (.writePinned, .readPinned), "a mapped CL_MEM_ALLOC_HOST_PTR buffer")
    return found + [
      try mapped(.writeMapped, buffer.view, .write) { $0.copyMemory(from: UnsafeRawBufferPointer(host)) },
      try mapped(.readMapped, buffer.view, .read) { host.copyMemory(from: UnsafeRawBufferPointer($0)) },
    ]
  }

  private func copies(
    _ view: BufferView, _ host: UnsafeMutableRawBufferPointer, names: (Ceiling.Name, Ceiling.Name), _ memory: String
  ) throws -> [Ceiling] {
    let amount = Double(host.count)
    let write = try repeated { try wallSeconds { try queue.write(UnsafeRawBufferPointer(host), to: view) } }
    let read = try repeated { try wallSeconds { try queue.read(view, into: host) } }
    return [
      Ceiling(names.0, amount: amount, in: write, method: "from \(memory), the host's clock"),
      Ceiling(names.1, amount: amount, in: read, method: "to \(memory), the host's clock"),
    ]
  }

  /// Mapping, copying and unmapping, until the device has it.
  private func mapped(
    _ name: Ceiling.Name, _ view: BufferView, _ access: MapAccess, _ copy: (UnsafeMutableRawBufferPointer) -> Void
  ) throws -> Ceiling {
    let seconds = try repeated {
      try wallSeconds {
        try queue.withMapped(view, byteCount: view.byteCount, for: access, copy)
        try queue.finish()
      }
    }
    return Ceiling(
      name, amount: Double(view.byteCount), in: seconds,
      method: "enqueueMapBuffer, memcpy and enqueueUnmap, the host's clock")
  }
}
