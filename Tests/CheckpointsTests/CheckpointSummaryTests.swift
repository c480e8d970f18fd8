import Backend
import Checkpoints
import JSON
import TestSupport
import Testing

struct CheckpointSummaryTests {
  private typealias Share = CheckpointSummary.Share

  /// Counted with Python from the file's header.
  @Test func countsARealModel() throws {
    let folder = Fixtures.path("qwen3_moe")
    let summary = CheckpointSummary(try Checkpoint(folder: folder))
    let bytes = 2_239_232
    #expect(summary.total == Share(name: "total", tensorCount: 135, elementCount: bytes / 2, byteCount: bytes))
    #expect(summary.formats == [Share(name: "BF16", tensorCount: 135, elementCount: bytes / 2, byteCount: bytes)])
    let file = "\(folder)/model.safetensors"
    #expect(summary.files == [Share(name: file, tensorCount: 135, elementCount: bytes / 2, byteCount: bytes)])
    #expect(
      summary.parts == [
        Share(name: "embedding", tensorCount: 1, elementCount: 65536, byteCount: 131072),
        Share(name: "attention", tensorCount: 16, elementCount: 196608, byteCount: 393216),
        Share(name: "router", tensorCount: 4, elementCount: 4096, byteCount: 8192),
        Share(name: "experts", tensorCount: 96, elementCount: 786432, byteCount: 1572864),
        Share(name: "norms", tensorCount: 17, elementCount: 1408, byteCount: 2816),
        Share(name: "LM head", tensorCount: 1, elementCount: 65536, byteCount: 131072),
      ])
  }

  @Test func sortsFormatsByBytesAndFilesByName() throws {
    let folder = try TemporaryFolder()
    let tensors = [
      HostTensor(name: "a", format: .u8, shape: [3], values: [1, 2, 3] as [UInt8]),
      HostTensor(name: "b", format: .f32, shape: [], values: [1] as [Float]),
      HostTensor(name: "c", format: .i8, shape: [3], values: [1, 2, 3] as [Int8]),
    ]
    try TestModel.write(config: ["architectures": ["A"]], tensors: tensors, shards: 2, to: folder)
    let summary = CheckpointSummary(try Checkpoint(folder: folder.path))
    #expect(summary.formats.map(\.name) == ["F32", "I8", "U8"])
    #expect(summary.formats.map(\.elementCount) == [1, 3, 3])
    #expect(summary.files.map(\.tensorCount) == [2, 1])
    #expect(summary.files.map(\.name) == (0..<2).map { "\(folder.path)/\(TestModel.shardName($0, of: 2))" })
    #expect(summary.parts.map(\.name) == ["other"])
  }

  @Test func isEmptyForNoTensors() {
    let summary = CheckpointSummary([])
    #expect(summary.total == Share(name: "total"))
    #expect(summary.parts.isEmpty && summary.formats.isEmpty && summary.files.isEmpty)
  }
}
