import Backend
import Checkpoints
import Foundation
import JSON
import TestSupport
import Testing

struct SafetensorsFileTests {
  /// What the Python library safetensors 0.8.0 writes for an i64, an f32, an f16, a u8 and an empty array.
  static let fromPython: [UInt8] = safetensors(
    #"{"__metadata__":{"format":"np"},"scalar":{"dtype":"I64","shape":[],"data_offsets":[0,8]},"#
      + #""a.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[8,24]},"#
      + #""b.bias":{"dtype":"F16","shape":[2],"data_offsets":[24,28]},"#
      + #""flags":{"dtype":"U8","shape":[3],"data_offsets":[28,31]},"#
      + #""none":{"dtype":"U8","shape":[0,3],"data_offsets":[31,31]}}       "#,
    [
      7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x40, 0x40, 0, 0, 0x90, 0xC0, 0, 0x38, 0, 0xC0,
      1, 2, 255,
    ])

  @Test func readsWhatPythonWrote() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a.safetensors", Self.fromPython)
    let file = try SafetensorsFile(path: path)
    #expect(file.metadata == ["format": "np"])
    #expect(file.tensors.map(\.name) == ["scalar", "a.weight", "b.bias", "flags", "none"])
    #expect(file.tensors.map(\.format) == [.i64, .f32, .f16, .u8, .u8])
    #expect(file.tensors.map(\.shape) == [[], [2, 2], [2], [3], [0, 3]])
    #expect(file.tensors[0].bytes.loadUnaligned(as: Int64.self) == 7)
    #expect(file.tensors[1].floats() == [1, 2, 3, -4.5])
    #expect(file.tensors[2].floats() == [0.5, -2])
    #expect(Array(file.tensors[3].bytes) == [1, 2, 255])
    #expect(file.tensors[4].bytes.isEmpty)
    #expect(file.tensors.allSatisfy { $0.source == path })
  }

  /// Values read with numpy.
  @Test func readsARealModel() throws {
    let file = try SafetensorsFile(path: Fixtures.path("qwen3_moe/model.safetensors"))
    #expect(file.tensors.count == 135)
    #expect(file.metadata == ["format": "pt"])
    let norm = try #require(file.tensors.last)
    #expect(norm.name == "model.norm.weight")
    #expect(norm.format == .bf16)
    #expect(norm.floats().prefix(4) == [1.0625, 1.125, 1.15625, 0.95703125])
    #expect(norm.floats().reduce(0) { $0 + Double($1) } == 126.87890625)
    let expert = try #require(file.tensors.first { $0.name == "model.layers.3.mlp.experts.7.up_proj.weight" })
    #expect(expert.shape == [64, 128])
    #expect(expert.floats().last == 0.154296875)
  }

  @Test func ordersTensorsByTheirBytesNotByTheHeader() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "a",
      safetensors(
        #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[2,3]},"b":{"shape":[2],"dtype":"I8","data_offsets":[0,2]}}"#,
        [1, 2, 3]))
    let file = try SafetensorsFile(path: path)
    #expect(file.tensors.map(\.name) == ["b", "a"])
    #expect(file.tensors.map { Array($0.bytes) } == [[1, 2], [3]])
  }

  @Test func takesAFileWithoutTensors() throws {
    let folder = try TemporaryFolder()
    #expect(try SafetensorsFile(path: try folder.write("a", safetensors("{}"))).tensors.isEmpty)
  }

  @Test func tensorsKeepTheFileMapped() throws {
    let folder = try TemporaryFolder()
    let tensors = try SafetensorsFile(path: try folder.write("a", Self.fromPython)).tensors
    try FileManager.default.removeItem(atPath: "\(folder.path)/a")
    #expect(tensors[1].floats() == [1, 2, 3, -4.5])
  }

  @Test(arguments: [
    (ramp(7), "7 bytes"),
    (
      [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7B, 0x7D],
      "18446744073709551615 bytes, expected at most 100000000"
    ),
    ([0x01, 0xE1, 0xF5, 0x05, 0, 0, 0, 0, 0x7B, 0x7D], "100000001 bytes, expected at most 100000000"),
    ([0x03, 0, 0, 0, 0, 0, 0, 0, 0x7B, 0x7D], "at most the 2"),
    ([0, 0, 0, 0, 0, 0, 0, 0], "does not begin with"),
    (safetensors(" {}"), "does not begin with"),
    (safetensors("[]"), "does not begin with"),
    (safetensors("\u{FEFF}{}"), "does not begin with"),
    (safetensors("{\"a\":"), "not valid JSON"),
    (safetensors("{}}"), "not valid JSON"),
    (safetensors("{}", [1]), "found 1 bytes of data, expected 0"),
    (safetensors(#"{"__metadata__":[]}"#), "field __metadata__: found a list"),
    (safetensors(#"{"__metadata__":{"k":1}}"#), "field __metadata__.k: found 1, expected a string"),
  ])
  func refusesABadFrame(bytes: [UInt8], part: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("bad.safetensors", bytes)
    expectError("\(path): ", part) { _ = try SafetensorsFile(path: path) }
  }

  /// A header with one tensor `t.w` for 8 bytes of data, and what the message must say.
  @Test(arguments: [
    (#""x""#, "found \"x\", expected an object"),
    (#"null"#, "found null, expected an object"),
    (#"{"shape":[2],"data_offsets":[0,8]}"#, "dtype: found nothing"),
    (#"{"dtype":4,"shape":[2],"data_offsets":[0,8]}"#, "dtype: found 4"),
    (#"{"dtype":"F33","shape":[2],"data_offsets":[0,8]}"#, "dtype: found \"F33\", expected one of BOOL"),
    (#"{"dtype":"f32","shape":[2],"data_offsets":[0,8]}"#, "dtype: found \"f32\""),
    (#"{"dtype":"F32","data_offsets":[0,8]}"#, "shape: found nothing"),
    (#"{"dtype":"F32","shape":2,"data_offsets":[0,8]}"#, "shape: found 2"),
    (#"{"dtype":"F32","shape":[-2],"data_offsets":[0,8]}"#, "shape: found [-2]"),
    (#"{"dtype":"F32","shape":[-1,-2],"data_offsets":[0,8]}"#, "shape: found [-1, -2]"),
    (#"{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}"#, "shape: found [2.0]"),
    (#"{"dtype":"F32","shape":[true,2],"data_offsets":[0,8]}"#, "shape: found [true, 2]"),
    (#"{"dtype":"F32","shape":["2"],"data_offsets":[0,8]}"#, "shape: found [\"2\"]"),
    (#"{"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]}"#, "shape: found [9.2"),
    (#"{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}"#, "below 2^63"),
    (#"{"dtype":"F32","shape":[4611686018427387904,2],"data_offsets":[0,8]}"#, "below 2^63"),
    (#"{"dtype":"F32","shape":[2305843009213693952],"data_offsets":[0,8]}"#, "below 2^63"),
    (#"{"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}"#, "below 2^63"),
    (#"{"dtype":"F32","shape":[2]}"#, "data_offsets: found nothing"),
    (#"{"dtype":"F32","shape":[2],"data_offsets":[]}"#, "data_offsets: found []"),
    (#"{"dtype":"F32","shape":[2],"data_offsets":[8]}"#, "data_offsets: found [8]"),
    (#"{"dtype":"F32","shape":[2],"data_offsets":[0,4,8]}"#, "data_offsets: found [0, 4, 8]"),
    (#"{"dtype":"F32","shape":[2],"data_offsets":[-8,0]}"#, "data_offsets: found [-8, 0]"),
    (#"{"dtype":"F32","shape":[2],"data_offsets":[0,1e999]}"#, "data_offsets: found [0, inf]"),
    (#"{"dtype":"F32","shape":[2],"data_offsets":[8,0]}"#, "an end of 0 before the begin of 8"),
    (#"{"dtype":"F32","shape":[2],"data_offsets":[0,7]}"#, "7 bytes, expected 8 for F32 [2]"),
    (#"{"dtype":"BF16","shape":[2],"data_offsets":[0,8]}"#, "8 bytes, expected 4 for BF16 [2]"),
    (#"{"dtype":"F32","shape":[],"data_offsets":[0,8]}"#, "8 bytes, expected 4 for F32 []"),
    (#"{"dtype":"F32","shape":[3],"data_offsets":[0,12]}"#, "reach beyond the 8 bytes"),
    (#"{"dtype":"F32","shape":[2],"data_offsets":[9223372036854775799,9223372036854775807]}"#, "reach beyond"),
    (#"{"dtype":"F32","shape":[1],"data_offsets":[4,8]}"#, "leave a hole before, expected a begin of 0"),
  ])
  func refusesABadTensor(entry: String, part: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("bad.safetensors", safetensors("{\"t.w\":\(entry)}", ramp(8)))
    expectError("\(path): tensor t.w: ", part) { _ = try SafetensorsFile(path: path) }
  }

  /// `a` has the first two of four bytes; where `b` may not be.
  @Test(arguments: [
    ("1,3", "overlap", 4), ("0,2", "overlap", 4), ("3,5", "beyond", 4), ("3,5", "hole", 5),
    ("0,2", "overlap", 2),
  ])
  func refusesTensorsThatDoNotFillTheData(offsets: String, part: String, count: Int) throws {
    let folder = try TemporaryFolder()
    let header =
      #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"#
      + "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[\(offsets)]}}"
    let path = try folder.write("bad.safetensors", safetensors(header, ramp(count)))
    expectError("\(path): tensor b: data_offsets ", part) { _ = try SafetensorsFile(path: path) }
  }

  @Test func refusesDataThatNoTensorHas() throws {
    let folder = try TemporaryFolder()
    let header = #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#
    let path = try folder.write("bad.safetensors", safetensors(header, ramp(3)))
    expectError(path, "found 3 bytes of data, expected 2") { _ = try SafetensorsFile(path: path) }
  }

  @Test func refusesANameThatOccursTwice() throws {
    let folder = try TemporaryFolder()
    let header =
      #"{"t.w":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"#
      + #""t.w":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#
    let path = try folder.write("bad.safetensors", safetensors(header, ramp(2)))
    expectError(path, "t.w", "twice") { _ = try SafetensorsFile(path: path) }
  }

  @Test func refusesAFileCutAtAnyLength() throws {
    let folder = try TemporaryFolder()
    for count in 0..<Self.fromPython.count {
      let path = try folder.write("cut.safetensors", Array(Self.fromPython.prefix(count)))
      expectError(path) { _ = try SafetensorsFile(path: path) }
    }
  }
}
