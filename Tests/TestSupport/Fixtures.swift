import Foundation

/// The files under `Tests/Fixtures`.
package enum Fixtures {
  /// The path of `Tests/Fixtures/relative`, wherever the checkout is.
  package static func path(_ relative: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Fixtures").appendingPathComponent(relative).path
  }
}
