import Backend
import Checkpoints
import Foundation
import TestSupport
import Testing

struct GGUFFileTests {
  private func open(_ file: GGUFBytes) throws -> GGUFFile { try open(file.bytes) }

  private func open(_ bytes: [UInt8]) throws -> GGUFFile {
    let folder = try TemporaryFolder()
    return try GGUFFile(path: folder.write("model.gguf", bytes))
  }

  private var good: GGUFBytes {
    var file = GGUFBytes()
    file.metadata = [("general.architecture", .string("x")), ("x.block_count", .u32(2))]
    file.tensors = [
      GGUFBytes.Tensor(name: "a", dimensions: [3, 2], type: 0, data: little([1, 2, 3, 4, 5, 6])),
      GGUFBytes.Tensor(name: "b", dimensions: [32], type: 8, data: ramp(34)),
    ]
    return file
  }

  /// `example.gguf` was written by the `gguf` package.
  @Test func aFileOfThePackageIsReadAsItWasWritten() throws {
    let file = try GGUFFile(path: Fixtures.path("formats/example.gguf"))
    #expect(file.version == 3)
    let values = Dictionary(uniqueKeysWithValues: file.metadata.summaries.map { ($0.key, $0.value) })
    let expected = [
      "general.architecture": "\"example\"", "example.uint8": "200", "example.int8": "-100", "example.uint16": "60000",
      "example.int16": "-30000", "example.uint32": "4000000000", "example.int32": "-2000000000",
      "example.uint64": "9223372036854775813", "example.int64": "-4611686018427387904", "example.float32": "0.5",
      "example.float64": "0.1", "example.bool": "true", "example.string": "\"Grüße, 世界\"",
      "example.strings": "a list of 3", "example.ints": "a list of 3", "example.floats": "a list of 2",
      "example.bools": "a list of 2",
    ]
    for (key, value) in expected { #expect(values[key] == value, "\(key)") }
    #expect(try file.metadata.optionalStrings("example.strings") == ["", "a", "日本"])
    #expect(try file.metadata.optionalInts("example.ints") == [1, -2, 3])
    #expect(try file.metadata.optionalFloats("example.floats") == [0.25, -1.5])
    #expect(file.tensors.map(\.name) == ["plain", "half", "blocks"])
    #expect(file.tensors.map(\.shape) == [[2, 3], [5], [3, 64]])
    #expect(file.tensors.map(\.format) == [.f32, .f16, .q80])
    #expect(file.tensors[0].floats() == [0, 1, 2, 3, 4, 5] && file.tensors[1].floats() == [0, 1, 2, 3, 4])
  }

  @Test(arguments: [UInt32(2), 3])
  func bothVersionsAreRead(version: UInt32) throws {
    var file = good
    file.version = version
    #expect(try open(file).tensors[0].floats() == [1, 2, 3, 4, 5, 6])
  }

  @Test func theAlignmentIsTheFiles() throws {
    var file = good
    file.alignment = 256
    file.metadata.append(("general.alignment", .u32(256)))
    let tensor = try open(file).tensors[1]
    withExtendedLifetime(tensor) { #expect(Array(tensor.bytes) == ramp(34)) }
    file.metadata[2].value = .u32(48)
    expectError("model.gguf", "general.alignment", "48", "power of two") { _ = try open(file) }
  }

  @Test func whatIsNoGGUFIsRefused() {
    expectError("model.gguf", "does not begin with \"GGUF\"") { _ = try open(Array("PK..".utf8) + ramp(100)) }
    for version in [UInt32(0), 1, 4, 0x0300_0000] {
      var file = good
      file.version = version
      expectError("version", "\(version)") { _ = try open(file) }
    }
    // Cut anywhere it is refused.
    let whole = good.bytes
    for length in 1..<whole.count - 30 {
      #expect(throws: CheckpointError.self) { _ = try open(Array(whole[..<length])) }
    }
  }

  @Test func countsThatDoNotFitAreRefused() {
    for count in [UInt64(3), 1 << 20, 1 << 61, .max] {
      var file = good
      file.tensorCount = count
      #expect(throws: CheckpointError.self) { _ = try open(file) }
      file = good
      file.keyCount = count
      #expect(throws: CheckpointError.self) { _ = try open(file) }
      file = good
      file.metadata.append(("list", .array(4, count: count | 1 << 20, [1, 2])))
      expectError("list") { _ = try open(file) }
      file.metadata[2].value = .array(8, count: count | 1 << 20, [1, 2])
      expectError("list") { _ = try open(file) }
      file.metadata[2].value = GGUFBytes.Value(type: 8, bytes: little(count | 1 << 20))
      expectError("list") { _ = try open(file) }
    }
  }

  @Test func badMetadataIsNamed() {
    func bad(_ key: String, _ value: GGUFBytes.Value, _ parts: String...) {
      var file = good
      file.metadata.append((key, value))
      let error = #expect(throws: CheckpointError.self) { _ = try open(file) }
      for part in parts { #expect(error?.description.contains(part) == true, "\(error?.description ?? "")") }
    }
    bad("x.block_count", .u32(3), "x.block_count", "twice")
    bad("", .u32(3), "key 2", "empty")
    bad("k", GGUFBytes.Value(type: 13, bytes: [0]), "key k", "type 13")
    bad("k", .bool(2), "key k", "found 2")
    bad("k", GGUFBytes.Value(type: 8, bytes: text([0xFF, 0xFE])), "key k", "UTF-8")
    bad("k", .array(13, count: 1, [0]), "key k", "type 13")
    // Arrays in arrays in arrays …
    let nested = (0..<6).reduce(little(UInt32(0)) + little(UInt64(0))) { inner, _ in
      little(UInt32(9)) + little(UInt64(1)) + inner
    }
    bad("k", GGUFBytes.Value(type: 9, bytes: nested), "key k", "nested")
  }

  @Test func badTensorsAreNamed() {
    func bad(_ change: (inout GGUFBytes.Tensor) -> Void, _ parts: String...) {
      var file = good
      change(&file.tensors[1])
      let error = #expect(throws: CheckpointError.self) { _ = try open(file) }
      for part in parts { #expect(error?.description.contains(part) == true, "\(error?.description ?? "")") }
    }
    bad({ $0.name = "a" }, "tensor a", "twice")
    bad({ $0.dimensions = [] }, "tensor b", "0 dimensions")
    bad({ $0.dimensions = [1, 1, 1, 1, 1] }, "tensor b", "5 dimensions")
    bad({ $0.dimensions = [0] }, "tensor b", "dimension of 0")
    bad({ $0.dimensions = [33] }, "tensor b", "33", "multiple of 32")
    bad({ $0.dimensions = [1 << 62, 1 << 62] }, "tensor b", "2^63")
    bad({ $0.dimensions = [1 << 63] }, "tensor b", "9223372036854775808")
    bad({ $0.dimensions = [64] }, "tensor b", "reach beyond")
    bad({ $0.type = 10 }, "tensor b", "Q2_K")
    bad({ $0.type = 4_000_000 }, "tensor b", "4000000")
    bad({ $0.offset = 0 }, "tensor b", "offset 0", "expected 32")
    bad({ $0.offset = 64 }, "tensor b", "offset 64")
    bad({ $0.offset = .max }, "tensor b", "offset")
  }

  @Test func theFilesOfASplitModelAreOne() throws {
    let folder = try TemporaryFolder()
    func part(_ number: UInt16, _ tensor: String, count: UInt16 = 2) -> [UInt8] {
      var file = GGUFBytes()
      file.metadata = [("split.no", .u16(number)), ("split.count", .u16(count)), ("split.tensors.count", .i32(2))]
      file.tensors = [GGUFBytes.Tensor(name: tensor, dimensions: [2], type: 0, data: little([Float(number), 7]))]
      return file.bytes
    }
    let first = try folder.write("m-00001-of-00002.gguf", part(0, "a"))
    expectError("m-00002-of-00002.gguf", "missing") { _ = try GGUFModel(path: first) }
    let second = try folder.write("m-00002-of-00002.gguf", part(1, "b"))
    let model = try GGUFModel(path: first)
    #expect(model.tensors.map(\.name) == ["a", "b"])
    #expect(model.tensors.map { $0.floats() } == [[0, 7], [1, 7]])
    expectError("m-00002-of-00002.gguf", "expected the first") { _ = try GGUFModel(path: second) }
    try folder.write("m-00002-of-00002.gguf", part(1, "a"))
    expectError("tensor a", "another part") { _ = try GGUFModel(path: first) }
    try folder.write("m-00002-of-00002.gguf", part(0, "b"))
    expectError("split.no") { _ = try GGUFModel(path: first) }
    try folder.write("m-00002-of-00002.gguf", part(1, "b", count: 3))
    expectError("split.count") { _ = try GGUFModel(path: first) }
  }
}
