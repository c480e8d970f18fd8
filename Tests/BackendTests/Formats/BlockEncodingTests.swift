import Backend
import Checkpoints
import TestSupport
import Testing

struct BlockEncodingTests {
  private func fixture(_ name: String) throws -> HostTensor {
    let file = try SafetensorsFile(path: Fixtures.path("formats/formats.safetensors"))
    return try #require(file.tensors.first { $0.name == name }, "\(name)")
  }

  private func encode(_ values: [Float], _ format: ElementFormat) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: format.rowBytes(values.count))
    bytes.withUnsafeMutableBytes { target in
      values.withUnsafeBufferPointer { source in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        BlockEncoding.encode(source, count: values.count, as: format, to: target)
      }
    }
    return bytes
  }

  /// Bytes that `gguf.quants.quantize` makes of the same numbers.
  @Test(arguments: [ElementFormat.q80, .q40, .mxfp4])
  func roundsAsTheGGUFPackage(format: ElementFormat) throws {
    let values = try fixture("\(format.rawValue).floats").floats()
    let expected = try fixture("\(format.rawValue).quantised")
    withExtendedLifetime(expected) { #expect(encode(values, format) == Array(expected.bytes)) }
  }

  /// ‖decoded − x‖ / ‖x‖ of such numbers: ggml's own quantiser has 7.05 % (`ggml_quantize_chunk` on 10⁶ of them).
  @Test func theScaleSearchOfQ4KIsGood() {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    let values = (0..<131_072).map { _ in Float(normal(&random)) }
    let tensor = HostTensor(name: "x", format: .q4K, shape: [512, 256], values: encode(values, .q4K))
    #expect(relativeError(tensor.floats(), values) < 0.072, "seed \(seed)")
  }

  @Test(arguments: BlockEncoding.formats)
  func zerosStayZeros(format: ElementFormat) {
    let tensor = HostTensor(
      name: "x", format: format, shape: [2, 256], values: encode([Float](repeating: 0, count: 512), format))
    #expect(tensor.floats().allSatisfy { $0 == 0 })
  }

  /// What no quantised number can hold does not crash.
  @Test(arguments: BlockEncoding.formats)
  func numbersThatAreNoneAreTaken(format: ElementFormat) {
    var values = (0..<256).map { Float($0) }
    (values[3], values[40], values[100], values[200]) = (.nan, .infinity, -.infinity, .greatestFiniteMagnitude)
    #expect(encode(values, format).count == format.rowBytes(256))
  }

  private func normal(_ random: inout SplitMix64) -> Double {
    (0..<12).reduce(-6) { sum, _ in sum + Double.random(in: 0..<1, using: &random) }
  }
}
