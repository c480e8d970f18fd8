import ArgumentParser
import Checkpoints
import Engine
import Profiling
import Simulation

/// Hardware that is measured in place of a profile.
struct CalibrationOptions: ParsableArguments {
  @Flag(help: "Measure the device at hand, with layers of the model's shape, in place of --profile.")
  var calibrate = false

  @Option(
    parsing: .unconditional,
    help:
      "With --calibrate: an index of `strata devices`, or part of a name. Default: STRATA_DEVICE, else the first GPU.")
  var device: String?

  @Option(help: "With --calibrate: write the measured profile to this file, for --profile. Enough without a load.")
  var saveProfile: String?
}

extension CalibrationOptions {
  /// Whether a profile is written, so that there need be no load.
  var isEnough: Bool { calibrate && saveProfile != nil }

  /// - Throws: `ValidationError`, wrong usage, unless there is exactly one source of the hardware.
  func check(profile: String?) throws {
    if calibrate, profile != nil {
      throw ValidationError("'--calibrate' measures what '--profile' would give: only one of them can be used")
    }
    guard calibrate || profile != nil else {
      throw ValidationError("Missing expected argument '--profile <profile>', or '--calibrate'")
    }
    if !calibrate, device != nil { throw ValidationError("'--device' is the one to measure, with '--calibrate'") }
    if !calibrate, saveProfile != nil { throw ValidationError("'--save-profile' needs '--calibrate'") }
  }

  /// Measures, saves, and says what was found: on stdout if that is all that is wanted, else on stderr.
  func measured(for model: ModelShape, isAll: Bool) throws -> HardwareProfile {
    if let saveProfile { try SafetensorsWriter.check(saveProfile) }
    let progress = ProgressLine("calibrating")
    let found = try Calibration(of: openCLDevice(device), model: model) { progress.step($0) }
    progress.finish()
    if let saveProfile { try found.profile.write(to: saveProfile) }
    if isAll {
      try Terminal.output(found.lines.joined(separator: "\n") + "\n")
    } else {
      for line in found.lines { Terminal.error(line) }
    }
    return found.profile
  }
}
