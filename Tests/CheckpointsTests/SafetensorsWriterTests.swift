import Backend
import Checkpoints
import Foundation
import JSON
import TestSupport
import Testing

struct SafetensorsWriterTests {
  private let tensors = [
    HostTensor(name: "flags", format: .u8, shape: [3], values: [1, 2, 255] as [UInt8]),
    HostTensor(name: "a.weight", format: .f32, shape: [2, 2], values: [1, 2, 3, -4.5] as [Float]),
    HostTensor(name: "none", format: .u8, shape: [0, 3], values: [] as [UInt8]),
    HostTensor(name: "b.bias", format: .f16, shape: [2], values: [0.5, -2] as [Float16]),
    HostTensor(name: "scalar", format: .i64, shape: [], values: [7] as [Int64]),
  ]

  @Test func writesTheBytesThatPythonWrites() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/a.safetensors"
    try SafetensorsWriter.write(tensors, metadata: ["format": "np"], to: path)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == Data(SafetensorsFileTests.fromPython))
  }

  @Test func isReadBackTheSame() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/a.safetensors"
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    for _ in 0..<50 {
      let written = (0..<Int.random(in: 0...12, using: &random)).map { index in
        let format = ElementFormat.plain.randomElement(using: &random) ?? .f32
        let shape = (0..<Int.random(in: 0...3, using: &random)).map { _ in Int.random(in: 0...5, using: &random) }
        let bytes = (0..<shape.reduce(format.byteCount, *)).map { _ in UInt8.random(in: 0...255, using: &random) }
        return HostTensor(name: "t\(index) \"\\\n\u{1}é😀", format: format, shape: shape, values: bytes)
      }
      let metadata = ["k\"\t": "v\\\u{7}", "": "€"]
      try SafetensorsWriter.write(written, metadata: metadata, to: path)
      let file = try SafetensorsFile(path: path)
      let read = Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0) })
      #expect(file.metadata == metadata, "seed \(seed)")
      #expect(read.count == written.count, "seed \(seed)")
      for tensor in written {
        let found = try #require(read[tensor.name], "seed \(seed)")
        #expect(found.format == tensor.format, "seed \(seed)")
        #expect(found.shape == tensor.shape, "seed \(seed)")
        #expect(Array(found.bytes) == Array(tensor.bytes), "seed \(seed)")
        #expect(
          UInt(bitPattern: found.bytes.baseAddress) % UInt(tensor.format.byteCount) == 0 || found.bytes.isEmpty,
          "seed \(seed)")
      }
    }
  }

  @Test func replacesAFileAndLeavesNothingBeside() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a.safetensors", "old")
    try SafetensorsWriter.write(tensors, to: path)
    #expect(try SafetensorsFile(path: path).tensors.count == 5)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.safetensors"])
  }

  @Test func keepsTheOldFileWhenItFails() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a.safetensors", "old")
    let twice = [tensors[0], tensors[1], tensors[0]]
    expectError(path, "tensor flags", "once") { try SafetensorsWriter.write(twice, to: path) }
    let short = HostTensor(name: "w", format: .f32, shape: [3], values: [1, 2] as [Float])
    expectError(path, "tensor w", "8 bytes", "[3]") { try SafetensorsWriter.write([short], to: path) }
    let reserved = HostTensor(name: "__metadata__", format: .u8, shape: [1], values: [1] as [UInt8])
    expectError(path, "tensor __metadata__") { try SafetensorsWriter.write([reserved], to: path) }
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.safetensors"])
  }

  @Test func checksAPlaceWithoutATrace() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("a.safetensors", "old")
    try SafetensorsWriter.check(path)
    try SafetensorsWriter.check("\(folder.path)/b.safetensors")
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    expectError(folder.path, "cannot be written", "folder") { try SafetensorsWriter.check(folder.path) }
    expectError("\"\"", "cannot be written", "empty") { try SafetensorsWriter.check("") }
    expectError("\(folder.path)/absent/a", "No such file") { try SafetensorsWriter.check("\(folder.path)/absent/a") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.safetensors"])
  }

  @Test func saysWhereItCannotWrite() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/absent/a.safetensors"
    expectError(path, "cannot be written", "No such file") { try SafetensorsWriter.write(tensors, to: path) }
    let taken = "\(folder.path)/taken"
    try FileManager.default.createDirectory(atPath: taken, withIntermediateDirectories: false)
    expectError(taken, "cannot be written") { try SafetensorsWriter.write(tensors, to: taken) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["taken"])
  }
}
