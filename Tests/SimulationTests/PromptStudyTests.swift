import Scheduling
import Simulation
import Testing

/// Figure 2 of the paper: one prompt of 8192 tokens, Qwen3-30B-A3B on two H100.
struct PromptStudyTests {
  /// Bytes of experts (exact in the authors' plot), milliseconds in all and of experts (read off it), by chunk size.
  static let chunks: [(size: Int, gigabytes: Double, milliseconds: Double, expertMilliseconds: Double)] = [
    (512, 764.1, 560, 311), (1024, 406.3, 371, 186), (2048, 213.3, 264, 115), (4096, 110.1, 232, 92),
    (8192, 57.1, 209, 84),
  ]

  @Test(arguments: chunks.indices)
  func aPromptTakesWhatItTookThere(index: Int) throws {
    let paper = Self.chunks[index]
    let found = try Setup.study(Setup.qwen).prompt(8192, PolicyOptions(.chunked, chunkSize: paper.size))
    #expect(found.iterations == 8192 / paper.size)
    #expect(abs(found.expertBytes / 1e9 / paper.gigabytes - 1) < 0.03)
    #expect(abs(found.seconds * 1e3 / paper.milliseconds - 1) < 0.10)
    #expect(abs(found.expertSeconds * 1e3 / paper.expertMilliseconds - 1) < 0.10)
  }

  @Test func layeredReadsEachExpertOnce() throws {
    let study = try Setup.study(Setup.qwen)
    let whole = try study.prompt(8192, PolicyOptions(.chunked, chunkSize: 8192))
    let layered = try study.prompt(8192, PolicyOptions(.layered))
    #expect(layered.iterations == 16)
    #expect(layered.expertBytes <= 1.02 * whole.expertBytes)
    #expect(try study.prompt(8192, PolicyOptions(.adaptive)).iterations == 1, "nobody decodes: nothing is cut")
  }
}
