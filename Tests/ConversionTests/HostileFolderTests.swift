import Backend
import Checkpoints
import Conversion
import Foundation
import TestSupport
import Testing

/// Damaged folders are converted or refused with an error that names them, and nothing crashes.
struct HostileFolderTests {
  @Test(arguments: ["gpt_oss_mxfp4", "deepseek_v3_odd", "granitemoe"], ["config.json", "model.safetensors"])
  func aDamagedFolderIsConvertedOrRefused(name: String, victim: String) throws {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    let folder = try TemporaryFolder()
    var whole: [UInt8] = []
    for file in ["config.json", "model.safetensors"] {
      let data = try Data(contentsOf: URL(fileURLWithPath: Fixtures.path("\(name)/\(file)")))
      try folder.write(file, data)
      if file == victim { whole = Array(data) }
    }
    for round in 0..<300 {
      try folder.write(victim, Mutation.apply(to: whole, below: min(whole.count, 4_096), using: &random))
      do {
        let converter = try Converter(Checkpoint(path: folder.path), FormatChoice(type: .q80))
        // A vocabulary or a model may have become much larger; what is written then is tried elsewhere.
        guard converter.formats.reduce(0, { $0 + $1.bytes }) < 4 * whole.count + (1 << 22) else { continue }
        try converter.write(to: "\(folder.path)/out.gguf") { _, _ in }
      } catch {
        #expect("\(error)".contains(folder.path), "seed \(seed), round \(round): \(error)")
      }
    }
  }
}
