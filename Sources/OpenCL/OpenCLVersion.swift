/// The version in a platform's or device's text: `OpenCL 3.0 PoCL 3.1` is 3.0.
package struct OpenCLVersion: Comparable, Sendable {
  package let major: Int
  package let minor: Int

  package init(major: Int, minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// Reads `OpenCL <major>.<minor><space><whatever>`, and `OpenCL C <major>.<minor>…`; any other text is 1.0.
  package init(_ text: String) {
    for word in text.split(separator: " ").prefix(3) {
      let parts = word.split(separator: ".", omittingEmptySubsequences: false)
      if parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]) {
        self.init(major: major, minor: minor)
        return
      }
    }
    self.init(major: 1, minor: 0)
  }

  package static func < (left: OpenCLVersion, right: OpenCLVersion) -> Bool {
    (left.major, left.minor) < (right.major, right.minor)
  }
}
