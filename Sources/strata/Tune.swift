import ArgumentParser
import Backend
import Engine
import Foundation
import OpenCLBackend
import Profiling

struct Tune: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Searches how products are cut best on a device, and keeps it for all later runs.",
    discussion: """
      A device that was never tuned is served by a rule from its properties. Each op, format and number of rows is tried \
      with many tile sizes; only those count that give the very bits of the rule's. What is found is kept in the user's \
      cache after each of them: a search that was broken off goes on where it was.
      """)

  @Option(
    parsing: .unconditional,
    help: "An index of `strata devices`, or part of a name. Default: STRATA_DEVICE, else the first GPU.")
  var device: String?

  @Option(parsing: .upToNextOption, help: "Formats of the weights. Default: all that can be written.")
  var format: [FormatName] = []

  @Option(help: "The kernels to tune: cpu or gpu. Default: those that the device would run.")
  var variant: KernelStyle?

  @Option(parsing: .unconditional, help: "Seconds after which nothing further is tried.")
  var seconds = 600.0

  @Flag(help: "Begin anew, and forget what was found before.")
  var again = false

  @Flag(help: "Search, and keep nothing.")
  var dryRun = false

  @Flag(help: "Print JSON, as the database of tuned devices has it.")
  var json = false

  func validate() throws {
    guard seconds > 0 else { throw ValidationError("--seconds is \(seconds), expected more than 0") }
  }

  func run() throws {
    let device = try openCLDevice(device)
    let plan = DevicePlan(device, style: variant)
    let folder = TunedDevice.defaultFolder
    guard dryRun || folder != nil else {
      throw EngineError("there is no folder for what is found: set STRATA_CACHE_DIR, or HOME; or use --dry-run")
    }
    let before = again || dryRun ? nil : TunedDevice.saved(device, plan.style)
    var search = TuneSearch(device, plan, found: before ?? TunedDevice(device, plan.style))
    if !format.isEmpty { search.formats = format.map(\.format) }
    search.seconds = seconds
    let left = try search.run(progress: show) { found in
      guard !dryRun, let folder else { return }
      do { try found.save(device, folder: folder) } catch {
        throw EngineError("\(folder): cannot be written: \(error.localizedDescription)")
      }
    }
    if left > 0 { Terminal.error("the time is over, \(left) to go: run the same command again") }
    if json { return try printJSON(search.found) }
    try Terminal.output(lines(search.found).joined(separator: "\n") + "\n")
    if !dryRun, let folder { Terminal.error("kept in \(folder)") }
  }

  private func show(_ step: TuneSearch.Step) {
    switch step {
    case .begins(let key, let task, let count, let candidates):
      Terminal.error("\(task) of \(count): \(text(key)), \(candidates) ways")
    case .refused(let key, let cut, let reason): Terminal.error("  \(text(key)): \(cut.description): \(reason)")
    case .done(let entry): Terminal.error("  \(entry.cut.description), \(fixed(entry.speedup, 2)) x the rule")
    }
  }

  private func text(_ key: Tuning.Key) -> String {
    let rows = key.rows == .one ? "one row" : "\(key.rows.rawValue) rows"
    return "\(key.op.rawValue)\(key.format.map { " \($0.rawValue)" } ?? ""), \(rows)"
  }

  private func lines(_ found: TunedDevice) -> [String] {
    let rows = found.entries.map { entry in
      [
        entry.op.rawValue, entry.format?.rawValue ?? "any", entry.rows.rawValue, entry.cut.description,
        fixed(entry.speedup, 2),
      ]
    }
    let most = found.entries.map(\.speedup).max() ?? 1
    return ["\(found.device), \(found.units) units, \(found.style.rawValue) kernels"]
      + Table(rows: [["op", "format", "rows", "cut", "x the rule"]] + rows, right: [4]).lines
      + ["the rule gives at least \(fixed(100 / most, 0)) % of what tuning gives"]
  }
}
