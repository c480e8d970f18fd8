import Backend
import Checkpoints
import TestSupport
import Testing

/// What blocks decode to, against what the `gguf` package makes of the same bytes (`Tests/Fixtures/formats`).
struct BlockFormatTests {
  static let formats = ElementFormat.allCases.filter { $0.block != nil }

  private func fixture(_ name: String) throws -> HostTensor {
    let file = try SafetensorsFile(path: Fixtures.path("formats/formats.safetensors"))
    return try #require(file.tensors.first { $0.name == name }, "\(name)")
  }

  @Test(arguments: formats)
  func blocksDecodeAsInTheGGUFPackage(format: ElementFormat) throws {
    let blocks = try fixture("\(format.rawValue).blocks")
    let expected = try fixture("\(format.rawValue).values").floats()
    let tensor = HostTensor(
      name: "blocks", format: format, shape: [blocks.shape[0], format.blockElements],
      values: withExtendedLifetime(blocks) { Array(blocks.bytes) })
    let found = tensor.floats()
    #expect(found.count == expected.count)
    for (index, pair) in zip(found, expected).enumerated() {
      #expect(pair.0.bitPattern == pair.1.bitPattern || (pair.0.isNaN && pair.1.isNaN), "element \(index): \(pair)")
    }
  }

  /// Bits of a weight, by the specification of each format.
  @Test(arguments: [
    (ElementFormat.q80, 8.5), (.q40, 4.5), (.q41, 5), (.q50, 5.5), (.q51, 6), (.q4K, 4.5), (.q5K, 5.5), (.q6K, 6.5625),
    (.iq4NL, 4.5), (.iq4XS, 4.25), (.mxfp4, 4.25), (.f16, 16), (.f32, 32),
  ])
  func aRowHasTheBytesOfItsFormat(format: ElementFormat, bits: Double) {
    #expect(Double(format.rowBytes(512)) * 8 == bits * 512)
  }

  /// MXFP4 as GPT-OSS stores it: elements 2j and 2j + 1 in byte j, scales apart.
  @Test func scalesApartAreTheSameNumbers() throws {
    let codes: [UInt8] = (0..<32).map { UInt8($0 * 7 % 16) }
    let pairs = (0..<16).map { codes[2 * $0] | codes[2 * $0 + 1] << 4 }
    let halves = (0..<16).map { codes[$0] | codes[$0 + 16] << 4 }
    let memory = OwnedMemory(byteCount: 17)
    memory.bytes.copyBytes(from: pairs + [129])
    let bytes = UnsafeRawBufferPointer(memory.bytes)
    let apart = HostTensor(
      name: "apart", format: .mxfp4, shape: [1, 32], bytes: UnsafeRawBufferPointer(rebasing: bytes[..<16]),
      scales: UnsafeRawBufferPointer(rebasing: bytes[16...]), source: "", owner: memory)
    let joined = HostTensor(name: "joined", format: .mxfp4, shape: [1, 32], values: [129] + halves)
    // E2M1 times 2^(129 − 127).
    let magnitudes: [Float] = [0, 0.5, 1, 1.5, 2, 3, 4, 6]
    let expected = codes.map { magnitudes[Int($0 & 7)] * ($0 < 8 ? 4 : -4) }
    #expect(apart.floats() == expected)
    #expect(joined.floats() == expected)
  }

  @Test func rowsOfInterleavedHeadsComeInTheirOrder() {
    // Two heads of four rows; in each the rows of the halves alternate.
    let stored: [Float] = [0, 2, 1, 3, 10, 12, 11, 13]
    let memory = HostTensor(name: "rows", format: .f32, shape: [8, 1], values: stored)
    let tensor = HostTensor(
      name: "rows", format: .f32, shape: [8, 1], bytes: memory.bytes, rowOrder: .interleavedHalves(headRows: 4),
      source: "", owner: memory.owner)
    #expect(tensor.floats() == [0, 1, 2, 3, 10, 11, 12, 13])
  }
}
