import Backend
import Checkpoints
import JSON
import TestSupport
import Testing

/// Fixtures that `make_mixed.py` and `make_families.py` beside them have made with Hugging Face transformers, and variants
/// of them that must compute the same.
struct MixedFixture {
  static let names = ["mixed", "alternating"]
  static let lengths = [1, 2, 45]

  let name: String
  let checkpoint: Checkpoint
  private let reference: SafetensorsFile

  init(_ name: String) throws {
    self.name = name
    checkpoint = try Checkpoint(folder: Fixtures.path(name))
    reference = try SafetensorsFile(path: Fixtures.path("\(name)/reference.safetensors"))
  }

  func prompt(_ length: Int) throws -> [Int32] {
    let tensor = try expected("input_ids", length)
    return (0..<tensor.elementCount).map { tensor.bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self) }
  }

  func expected(_ name: String, _ length: Int) throws -> HostTensor {
    try #require(reference.tensors.first { $0.name == "t\(length).\(name)" }, "no t\(length).\(name)")
  }

  /// `config.json` as its fields.
  func config() -> [String: JSONValue] {
    var fields: [String: JSONValue] = [:]
    for key in checkpoint.configuration.keys { fields[key] = checkpoint.configuration.field(key) }
    return fields
  }

  /// The weights in another format; they were made such that all of f32, f16 and bf16 hold them exactly.
  func tensors(as format: ElementFormat) throws -> [HostTensor] {
    try checkpoint.tensors.map { tensor in
      let values = tensor.floats()
      switch format {
      case .f32: return HostTensor(name: tensor.name, format: format, shape: tensor.shape, values: values)
      case .f16:
        let halves = values.map { Float16($0) }
        try #require(halves.map { Float($0) } == values)
        return HostTensor(name: tensor.name, format: format, shape: tensor.shape, values: halves)
      default: return tensor
      }
    }
  }
}

extension JSONObject {
  /// The field as a value of which a new `config.json` can be made; nil for objects, which the fixtures write anew.
  func field(_ key: String) -> JSONValue? {
    if let value = try? optionalBool(key) { return .bool(value) }
    if let value = try? optionalInt(key) { return .int(value) }
    if let value = try? optionalDouble(key) { return .double(value) }
    if let value = try? optionalString(key) { return .string(JSONString(value)) }
    if let value = try? ints(key) { return .array(value.map { .int($0) }) }
    if let value = try? strings(key) { return .array(value.map { .string(JSONString($0)) }) }
    return nil
  }
}
