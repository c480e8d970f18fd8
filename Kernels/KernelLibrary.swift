import Foundation

/// The OpenCL C sources of this project, by their path below `Kernels/` (for example `Linear/linear.cpu.cl`).
///
/// They are embedded in the binary. With `STRATA_KERNELS=FOLDER` in the environment they are read from that folder
/// instead, so that work on a kernel needs no rebuild.
package enum KernelLibrary {
  /// The paths of all embedded sources, sorted.
  package static var paths: [String] { embeddedKernels.map(\.path).sorted() }

  /// The source at `path`, with each `#include "PATH"` of another embedded source replaced by that source, once.
  /// - Parameter replacements: texts of files, by path, that stand in for those of the library.
  /// - Throws: `KernelLibraryError` if the source, or one that it includes, does not exist.
  package static func source(
    _ path: String, replacements: [String: String] = [:]
  ) throws(KernelLibraryError) -> String {
    var included: Set<String> = []
    return try expand(path, replacements, &included)
  }

  private static func expand(
    _ path: String, _ replacements: [String: String], _ included: inout Set<String>
  ) throws(KernelLibraryError) -> String {
    guard included.insert(path).inserted else { return "" }
    var text = ""
    let own = if let replacement = replacements[path] { replacement } else { try file(path) }
    for line in own.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.hasPrefix("#include \""), let end = line.dropFirst(10).firstIndex(of: "\"") {
        text += try expand(String(line[line.index(line.startIndex, offsetBy: 10)..<end]), replacements, &included)
      } else {
        text += line
        text += "\n"
      }
    }
    return text
  }

  /// The file at `path` as it is, with its includes.
  package static func file(_ path: String) throws(KernelLibraryError) -> String {
    if let folder = ProcessInfo.processInfo.environment["STRATA_KERNELS"], !folder.isEmpty {
      do { return try String(contentsOfFile: folder + "/" + path, encoding: .utf8) } catch {
        throw KernelLibraryError(description: "\(folder)/\(path): cannot read this kernel source (STRATA_KERNELS)")
      }
    }
    guard let entry = embeddedKernels.first(where: { $0.path == path }) else {
      throw KernelLibraryError(description: "Kernels/\(path): no such kernel source in this binary")
    }
    return entry.source.description
  }
}

/// A kernel source that does not exist or cannot be read; the text names it.
package struct KernelLibraryError: Error, CustomStringConvertible {
  package let description: String
}
