import Foundation
import Synchronization

/// Keeps built programs in files, so that the next start does not compile.
///
/// One file per program, named by a hash of everything that the binary depends on: platform, device, driver, options and
/// source. The cache never makes anything fail: an entry that is damaged, or of another program or driver, is built
/// again and replaced, and where the folder cannot be written there is no cache. An entry is replaced by a rename, so
/// that processes can share a folder.
///
/// Sources have to be whole: a file that a source includes is not a part of the key. The checksum finds accidents, not
/// malice: whoever may write to the folder may run code here.
package struct ProgramCache: Sendable {
  /// What became of the calls of `program` on this cache and its copies.
  package struct Statistics: Sendable, Equatable {
    /// Programs that came from an entry.
    package var loaded = 0
    /// Programs that were compiled.
    package var built = 0
    /// Entries that existed but could not be used: damaged, of another key, or refused by the driver.
    package var rejected = 0
    /// Entries written.
    package var stored = 0

    package init(loaded: Int = 0, built: Int = 0, rejected: Int = 0, stored: Int = 0) {
      self.loaded = loaded
      self.built = built
      self.rejected = rejected
      self.stored = stored
    }
  }

  private final class Counters: Sendable {
    let values = Mutex(Statistics())
  }

  package let folder: String?
  /// Whether programs that had to be compiled are kept. A driver may compile once more for the form that can be kept: whoever
  /// needs many programs for a moment only, does without.
  package let keepsBuilt: Bool
  private let counters = Counters()

  package var statistics: Statistics { counters.values.withLock { $0 } }

  /// - Parameter folder: made at the first use; nil for no cache.
  package init(folder: String? = ProgramCache.defaultFolder, keepsBuilt: Bool = true) {
    self.folder = folder
    self.keepsBuilt = keepsBuilt
  }

  /// The program, from its entry or built from source.
  ///
  /// - Throws: what building from source throws.
  package func program(
    _ context: borrowing Context, source: String, options: String, label: String
  ) throws(OpenCLError) -> Program {
    try program(
      context, ProgramCacheEntry.key(device: context.device, source: source, options: options), options: options,
      label: label
    ) { context throws(OpenCLError) in try Program(context, source: source, options: options, label: label) }
  }

  /// The program, from its entry or linked from its parts.
  ///
  /// - Throws: what linking them throws.
  package func program(
    _ context: borrowing Context, linking parts: [ProgramPart], label: String
  ) throws(OpenCLError) -> Program {
    let sources = parts.map { "\($0.source.utf8.count)\n\($0.source)" }.joined()
    let options = parts.map(\.options).joined(separator: "\n")
    return try program(
      context, ProgramCacheEntry.key(device: context.device, source: sources, options: options), options: "",
      label: label
    ) { context throws(OpenCLError) in try Program(context, linking: parts, label: label) }
  }

  private func program(
    _ context: borrowing Context, _ key: [UInt8], options: String, label: String,
    build: (borrowing Context) throws(OpenCLError) -> Program
  ) throws(OpenCLError) -> Program {
    guard folder != nil else {
      let program = try build(context)
      count { $0.built += 1 }
      return program
    }
    switch read(key) {
    case .usable(let binary):
      if let program = try? Program(context, binary: binary, options: options, label: label) {
        count { $0.loaded += 1 }
        return program
      }
      count { $0.rejected += 1 }
    case .unusable: count { $0.rejected += 1 }
    case .missing: break
    }
    let program = try build(context)
    count { $0.built += 1 }
    if keepsBuilt, let binary = try? program.binary(),
      write(ProgramCacheEntry.encode(key: key, binary: binary), for: key)
    {
      count { $0.stored += 1 }
    }
    return program
  }

  /// Where the entry of a program is or would be; nil without a folder.
  package func path(device: Device, source: String, options: String) -> String? {
    path(ProgramCacheEntry.key(device: device, source: source, options: options))
  }

  private enum Found {
    case missing
    case unusable
    case usable([UInt8])
  }

  private func read(_ key: [UInt8]) -> Found {
    guard let path = path(key), FileManager.default.fileExists(atPath: path) else { return .missing }
    guard let data = FileManager.default.contents(atPath: path) else { return .unusable }
    return ProgramCacheEntry.decode([UInt8](data), key: key).map(Found.usable) ?? .unusable
  }

  /// Writes beside the entry and renames; false where the folder does not allow it.
  private func write(_ entry: [UInt8], for key: [UInt8]) -> Bool {
    guard let folder, let path = path(key) else { return false }
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      try Data(entry).write(to: URL(fileURLWithPath: path), options: .atomic)
      return true
    } catch {
      return false
    }
  }

  private func path(_ key: [UInt8]) -> String? {
    guard let folder else { return nil }
    let digits = String(fnv1a(key), radix: 16)
    return "\(folder)/\(String(repeating: "0", count: 16 - digits.count))\(digits).clbin"
  }

  private func count(_ change: (inout Statistics) -> Void) {
    counters.values.withLock { change(&$0) }
  }
}

extension ProgramCache {
  /// The folder for this process's environment; nil where that names none.
  package static var defaultFolder: String? { defaultFolder(environment: ProcessInfo.processInfo.environment) }

  /// `STRATA_CACHE_DIR`, else `$XDG_CACHE_HOME/strata/programs`, else `~/.cache/strata/programs`.
  ///
  /// An empty variable counts as not set, and so does a relative `XDG_CACHE_HOME`: XDG Base Directory Specification 0.8.
  package static func defaultFolder(environment: [String: String]) -> String? {
    if let folder = environment["STRATA_CACHE_DIR"], !folder.isEmpty { return folder }
    if let caches = environment["XDG_CACHE_HOME"], caches.hasPrefix("/") { return "\(caches)/strata/programs" }
    if let home = environment["HOME"], home.hasPrefix("/") { return "\(home)/.cache/strata/programs" }
    return nil
  }
}
