import Backend
import JSON

/// What the header of a safetensors file says about one tensor, checked in itself but not yet against the file.
struct SafetensorsEntry {
  let name: String
  let format: ElementFormat
  let shape: [Int]
  /// Where its bytes begin and end, counted from the first byte of data.
  let begin: Int
  let end: Int

  /// The tensor `name` of `header`.
  init(name: String, header: JSONObject) throws(CheckpointError) {
    func error(_ problem: String) -> CheckpointError {
      CheckpointError("\(header.source): tensor \(printable(name)): \(problem)")
    }
    let member = header.members[JSONString(name)]
    guard case .object(let entry) = member else {
      throw error("found \(member?.summary ?? "nothing"), expected an object")
    }
    guard case .string(let dtype) = entry["dtype"] else {
      throw error("dtype: found \(entry["dtype"]?.summary ?? "nothing"), expected a string")
    }
    guard let format = ElementFormat(rawValue: dtype.text), format.block == nil else {
      let known = ElementFormat.plain.map(\.rawValue).joined(separator: ", ")
      throw error("dtype: found \(quoted(dtype.text)), expected one of \(known)")
    }
    guard let shape = Self.sizes(entry["shape"]) else {
      throw error("shape: found \(Self.text(entry["shape"])), expected a list of integers of at least 0")
    }
    guard let offsets = Self.sizes(entry["data_offsets"]), offsets.count == 2, let begin = offsets.first,
      let end = offsets.last
    else {
      throw error("data_offsets: found \(Self.text(entry["data_offsets"])), expected two integers of at least 0")
    }
    if end < begin { throw error("data_offsets: found an end of \(end) before the begin of \(begin)") }
    guard let byteCount = HostTensor.byteCount(format: format, shape: shape) else {
      throw error("shape: found \(shape), expected a number of bytes below 2^63")
    }
    if end - begin != byteCount {
      throw error(
        "data_offsets: found \(begin)–\(end), \(end - begin) bytes, expected \(byteCount) for \(dtype.text) \(shape)")
    }
    self.name = name
    self.format = format
    self.shape = shape
    self.begin = begin
    self.end = end
  }

  /// The list of integers that are not negative in `value`, or nil.
  private static func sizes(_ value: JSONValue?) -> [Int]? {
    guard case .array(let elements) = value else { return nil }
    var sizes: [Int] = []
    for element in elements {
      guard case .int(let size) = element, size >= 0 else { return nil }
      sizes.append(size)
    }
    return sizes
  }

  /// `value` for a message, with the elements of a short list.
  private static func text(_ value: JSONValue?) -> String {
    if case .array(let elements) = value, elements.count <= 8 {
      return "[" + elements.map(\.summary).joined(separator: ", ") + "]"
    }
    return value?.summary ?? "nothing"
  }
}

extension HostTensor {
  /// The bytes of a tensor, or nil if that number, or the product of some of its dimensions, does not fit in `Int`, or if
  /// its rows are no whole blocks.
  static func byteCount(format: ElementFormat, shape: [Int]) -> Int? {
    var bound = format.byteCount
    var shape = shape
    if format.blockElements > 1 {
      guard let columns = shape.last, columns % format.blockElements == 0 else { return nil }
      shape[shape.count - 1] = columns / format.blockElements
    }
    for dimension in shape {
      // A zero counts as one here, so that a product that leaves it out cannot overflow either.
      let (product, overflow) = bound.multipliedReportingOverflow(by: max(dimension, 1))
      if overflow || dimension < 0 { return nil }
      bound = product
    }
    return shape.contains(0) ? 0 : bound
  }
}
