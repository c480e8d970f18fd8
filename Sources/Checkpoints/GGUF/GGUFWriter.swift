package import Backend
import Foundation
import JSON

/// Writes GGUF files of version 3.
package enum GGUFWriter {
  /// A metadata value.
  package enum Value: Sendable {
    case u32(UInt32)
    case f32(Float)
    case bool(Bool)
    case string(String)
    case strings([String])
    case i32s([Int32])
    case f32s([Float])
    case bools([Bool])
    /// A value as another file has it, with its type before it.
    case copied([UInt8])
  }

  /// A tensor whose bytes are made when they are written.
  package struct Tensor {
    package let name: String
    package let format: ElementFormat
    /// Slowest first.
    package let shape: [Int]
    /// Writes one row: elements of the fastest dimension. Called from several threads.
    package let writeRow: @Sendable (_ row: Int, _ target: UnsafeMutableRawPointer) -> Void

    package init(
      name: String, format: ElementFormat, shape: [Int],
      writeRow: @escaping @Sendable (_ row: Int, _ target: UnsafeMutableRawPointer) -> Void
    ) {
      self.name = name
      self.format = format
      self.shape = shape
      self.writeRow = writeRow
    }

    var rowBytes: Int { format.rowBytes(shape.last ?? 0) }
    var rowCount: Int { shape.dropLast().reduce(1, *) }
    package var byteCount: Int { rowBytes * rowCount }
  }

  static let alignment = 32
  private static let pieceBytes = 16 << 20

  /// Writes the file at `path`, which appears complete or not at all.
  ///
  /// - Throws: if two tensors have one name, if one's rows are no whole blocks, or if the file cannot be written.
  package static func write(
    metadata: [(key: String, value: Value)], tensors: [Tensor], to path: String,
    progress: (_ done: Int, _ total: Int) -> Void
  ) throws(CheckpointError) {
    let header = try header(metadata, tensors, path)
    let file = try ReplacementFile(path: path)
    do throws(CheckpointError) {
      try append(header, to: file)
      let total = tensors.reduce(0) { $0 + $1.byteCount }
      var done = 0
      for tensor in tensors {
        try append(tensor, to: file)
        done += tensor.byteCount
        progress(done, total)
      }
      try file.commit()
    } catch {
      file.discard()
      throw error
    }
  }

  private static func append(_ bytes: [UInt8], to file: ReplacementFile) throws(CheckpointError) {
    try bytes.withUnsafeBufferPointer { (bytes) throws(CheckpointError) in
      try file.append(UnsafeRawBufferPointer(bytes))
    }
  }

  /// Makes a tensor's rows on all cores, some at a time, and pads the last ones.
  private static func append(_ tensor: Tensor, to file: ReplacementFile) throws(CheckpointError) {
    let rowBytes = tensor.rowBytes
    let perPiece = max(1, pieceBytes / max(rowBytes, 1))
    let memory = OwnedMemory(byteCount: min(perPiece, tensor.rowCount) * rowBytes)
    for start in stride(from: 0, to: tensor.rowCount, by: perPiece) {
      let rows = start..<min(start + perPiece, tensor.rowCount)
      let chunk = max(1, (1 << 16) / max(rowBytes, 1))
      DispatchQueue.concurrentPerform(iterations: (rows.count + chunk - 1) / chunk) { index in
        let first = rows.lowerBound + index * chunk
        for row in first..<min(first + chunk, rows.upperBound) {
          guard let base = memory.bytes.baseAddress else { return }
          tensor.writeRow(row, base + (row - start) * rowBytes)
        }
      }
      try file.append(
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory.bytes)[..<(rows.count * rowBytes)]))
    }
    try append([UInt8](repeating: 0, count: padding(tensor.byteCount)), to: file)
  }

  private static func padding(_ count: Int) -> Int { (alignment - count % alignment) % alignment }

  private static func header(
    _ metadata: [(key: String, value: Value)], _ tensors: [Tensor], _ path: String
  ) throws(CheckpointError) -> [UInt8] {
    var bytes = Array("GGUF".utf8) + little(UInt32(3)) + little(UInt64(tensors.count)) + little(UInt64(metadata.count))
    for (key, value) in metadata { bytes += text(key) + encoded(value) }
    var names: Set<JSONString> = []
    var offset = 0
    for tensor in tensors {
      func error(_ problem: String) -> CheckpointError {
        CheckpointError("\(path): tensor \(printable(tensor.name)): \(problem)")
      }
      if !names.insert(JSONString(tensor.name)).inserted { throw error("the name is taken, expected each name once") }
      guard let type = GGUFTensorType.number(tensor.format), (1...4).contains(tensor.shape.count),
        tensor.shape.allSatisfy({ $0 > 0 }), tensor.shape[tensor.shape.count - 1] % tensor.format.blockElements == 0
      else { throw error("\(tensor.format.rawValue) \(tensor.shape) cannot be in a GGUF file") }
      bytes += text(tensor.name) + little(UInt32(tensor.shape.count))
      for dimension in tensor.shape.reversed() { bytes += little(UInt64(dimension)) }
      bytes += little(type) + little(UInt64(offset))
      offset += tensor.byteCount + padding(tensor.byteCount)
    }
    return bytes + [UInt8](repeating: 0, count: padding(bytes.count))
  }

  private static func encoded(_ value: Value) -> [UInt8] {
    func typed(_ type: GGUFType, _ bytes: [UInt8]) -> [UInt8] { little(type.rawValue) + bytes }
    func list(_ type: GGUFType, _ count: Int, _ bytes: [UInt8]) -> [UInt8] {
      typed(.array, little(type.rawValue) + little(UInt64(count)) + bytes)
    }
    return switch value {
    case .u32(let value): typed(.u32, little(value))
    case .f32(let value): typed(.f32, little(value.bitPattern))
    case .bool(let value): typed(.bool, [value ? 1 : 0])
    case .string(let value): typed(.string, text(value))
    case .strings(let values): list(.string, values.count, values.flatMap(text))
    case .i32s(let values): list(.i32, values.count, values.flatMap(little))
    case .f32s(let values): list(.f32, values.count, values.flatMap { little($0.bitPattern) })
    case .bools(let values): list(.bool, values.count, values.map { $0 ? 1 : 0 })
    case .copied(let bytes): bytes
    }
  }

  private static func text(_ string: String) -> [UInt8] { little(UInt64(string.utf8.count)) + Array(string.utf8) }

  private static func little(_ value: some FixedWidthInteger) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
