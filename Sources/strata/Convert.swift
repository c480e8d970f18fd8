import ArgumentParser
import Backend
import Checkpoints
import Conversion
import Engine

/// Formats that `convert` and `upcycle` write, by the names that people type.
struct FormatName: ExpressibleByArgument {
  let format: ElementFormat

  init(_ format: ElementFormat) { self.format = format }

  init?(argument: String) {
    guard let found = BlockEncoding.formats.first(where: { $0.rawValue.lowercased() == argument.lowercased() }) else {
      return nil
    }
    format = found
  }

  static var allValueStrings: [String] { BlockEncoding.formats.map { $0.rawValue.lowercased() } }
  var defaultValueDescription: String { format.rawValue.lowercased() }
}

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes a model as a GGUF file, its weights rounded to another format.",
    discussion: """
      Weight matrices get the type; routers and vectors are f32. Rows that are no whole blocks of the type get one with \
      smaller blocks, or f16. Tokenizer and chat template go into the file.
      """)

  @Argument(help: "Folder or GGUF file of the model.")
  var input: String

  @Argument(help: "The GGUF file to write.")
  var output: String

  @Option(help: "Format of the weights.")
  var type: FormatName

  @Flag(help: "Round only the experts; everything else stays as it is.")
  var expertsOnly = false

  func run() throws {
    try SafetensorsWriter.check(output)
    let checkpoint = try Checkpoint(path: input)
    let converter = try Converter(checkpoint, FormatChoice(type: type.format, expertsOnly: expertsOnly))
    try write(converter, to: output)
  }
}

/// Writes the file, shows how far it is, and then what it holds.
func write(_ converter: Converter, to path: String) throws {
  let progress = ProgressLine("writing \(path)")
  try converter.write(to: path) { progress.update($0, $1) }
  progress.finish()
  for (format, tensors, bytes) in converter.formats {
    try Terminal.output("\(format.rawValue): \(tensors) tensors, \(readable(bytes))\n")
  }
}
