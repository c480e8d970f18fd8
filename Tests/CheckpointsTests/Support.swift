import Backend
import Checkpoints
import Foundation
import Testing

/// Expects `body` to throw a `CheckpointError` whose text has each of `parts`.
func expectError(
  _ parts: String..., sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Void
) {
  let error = #expect(throws: CheckpointError.self, sourceLocation: sourceLocation) { try body() }
  guard let text = error?.description else { return }
  for part in parts { #expect(text.contains(part), sourceLocation: sourceLocation) }
}

/// A safetensors file by its specification: the header's length, the header, the data.
func safetensors(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
  withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + Array(header.utf8) + data
}

/// The bytes 0, 1, 2, …
func ramp(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0) } }

/// An object as if read from the file `test.json`.
func json(_ text: String) throws -> JSONObject { try JSONObject(data: Data(text.utf8), source: "test.json") }
