import Foundation

/// A GGUF file by its specification, byte by byte, good or bad.
struct GGUFBytes {
  /// A value with its type's number and its bytes.
  struct Value {
    var type: UInt32
    var bytes: [UInt8]

    static func u8(_ value: UInt8) -> Value { Value(type: 0, bytes: [value]) }
    static func u16(_ value: UInt16) -> Value { Value(type: 2, bytes: little(value)) }
    static func u32(_ value: UInt32) -> Value { Value(type: 4, bytes: little(value)) }
    static func i32(_ value: Int32) -> Value { Value(type: 5, bytes: little(value)) }
    static func f32(_ value: Float) -> Value { Value(type: 6, bytes: little(value.bitPattern)) }
    static func bool(_ value: UInt8) -> Value { Value(type: 7, bytes: [value]) }
    static func string(_ value: String) -> Value { Value(type: 8, bytes: text(Array(value.utf8))) }
    static func u64(_ value: UInt64) -> Value { Value(type: 10, bytes: little(value)) }
    static func array(_ type: UInt32, count: UInt64, _ bytes: [UInt8]) -> Value {
      Value(type: 9, bytes: little(type) + little(count) + bytes)
    }
    static func strings(_ values: [String]) -> Value {
      array(8, count: UInt64(values.count), values.flatMap { text(Array($0.utf8)) })
    }
  }

  struct Tensor {
    var name: String
    /// Fastest first.
    var dimensions: [UInt64]
    var type: UInt32
    var data: [UInt8]
    /// Nil for where it belongs.
    var offset: UInt64?
  }

  var version: UInt32 = 3
  var metadata: [(key: String, value: Value)] = []
  var tensors: [Tensor] = []
  var alignment = 32
  /// Nil for the true ones.
  var tensorCount: UInt64?
  var keyCount: UInt64?

  var bytes: [UInt8] {
    var bytes = Array("GGUF".utf8) + little(version)
    bytes += little(tensorCount ?? UInt64(tensors.count)) + little(keyCount ?? UInt64(metadata.count))
    for (key, value) in metadata { bytes += text(Array(key.utf8)) + little(value.type) + value.bytes }
    var data: [UInt8] = []
    for tensor in tensors {
      bytes += text(Array(tensor.name.utf8)) + little(UInt32(tensor.dimensions.count))
      bytes += tensor.dimensions.flatMap(little) + little(tensor.type) + little(tensor.offset ?? UInt64(data.count))
      data += tensor.data
      pad(&data)
    }
    pad(&bytes)
    return bytes + data
  }

  private func pad(_ bytes: inout [UInt8]) {
    bytes += [UInt8](repeating: 0, count: (alignment - bytes.count % alignment) % alignment)
  }
}

/// A string with its length.
func text(_ bytes: [UInt8]) -> [UInt8] { little(UInt64(bytes.count)) + bytes }

func little(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }

func little(_ values: [Float]) -> [UInt8] { values.flatMap { little($0.bitPattern) } }
