import ArgumentParser
import Engine

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Shows what a checkpoint holds: architecture, shapes, formats, bytes by part, active bytes per token.")

  @Argument(help: "Folder or GGUF file of the model.")
  var path: String

  @Flag(help: "Print JSON.")
  var json = false

  func run() throws {
    let inspection = try Inspection(path: path)
    if json { return try printJSON(inspection) }
    try Terminal.output(inspection.lines.joined(separator: "\n") + "\n")
  }
}
