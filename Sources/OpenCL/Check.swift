import COpenCL

/// Throws when a call's status is not `CL_SUCCESS`; nothing is built on the good path.
@inline(__always)
func check(
  _ status: @autoclosure () -> Int32, _ call: StaticString, _ context: @autoclosure () -> String,
  file: StaticString = #fileID, line: Int = #line
) throws(OpenCLError) {
  #if FAULTS
    let status = Faults.status(call, file, line) ?? status()
  #else
    let status = status()
  #endif
  if status != CL_SUCCESS {
    throw OpenCLError(code: status, call: "\(call)", context: context())
  }
}

/// What a call creates, for the calls that return it and hand the status out through a pointer.
func created<Object>(
  _ call: StaticString, _ context: @autoclosure () -> String,
  _ create: (UnsafeMutablePointer<Int32>) -> Object?, file: StaticString = #fileID, line: Int = #line
) throws(OpenCLError) -> Object {
  var object: Object?
  func make() -> Int32 {
    var status: Int32 = CL_SUCCESS
    object = create(&status)
    return status
  }
  try check(make(), call, context(), file: file, line: line)
  guard let object else {
    throw OpenCLError(
      code: CL_OUT_OF_HOST_MEMORY, call: "\(call)", context: "\(context()): success, but a null pointer")
  }
  return object
}

/// The bytes that an info query answers with: asks for the size first.
///
/// - Parameter query: the call, given the capacity, the place for the answer and the place for its size.
func infoBytes(
  _ call: StaticString, _ context: @autoclosure () -> String,
  _ query: (Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> Int32,
  file: StaticString = #fileID, line: Int = #line
) throws(OpenCLError) -> [UInt8] {
  var size = 0
  try check(query(0, nil, &size), call, context(), file: file, line: line)
  guard size > 0 else { return [] }
  var bytes = [UInt8](repeating: 0, count: size)
  let status = bytes.withUnsafeMutableBytes { query($0.count, $0.baseAddress, nil) }
  try check(status, call, context(), file: file, line: line)
  return bytes
}

/// The text of an info query's answer, up to its terminating zero and without surrounding blanks.
func text(_ bytes: [UInt8]) -> String {
  let characters = bytes.prefix { $0 != 0 }
  return String(decoding: characters, as: UTF8.self).trimmed
}

/// The integers of an info query's answer; nil when the answer is not a whole number of them.
func integers<Element: FixedWidthInteger>(_ bytes: [UInt8], as type: Element.Type) -> [Element]? {
  let stride = MemoryLayout<Element>.size
  guard bytes.count.isMultiple(of: stride) else { return nil }
  return bytes.withUnsafeBytes { raw in
    (0..<raw.count / stride).map { raw.loadUnaligned(fromByteOffset: $0 * stride, as: Element.self) }
  }
}

extension String {
  /// Without blanks, tabs and line ends at both sides.
  var trimmed: String {
    var rest = self[...]
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    return String(rest)
  }
}
