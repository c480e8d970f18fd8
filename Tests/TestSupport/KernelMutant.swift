/// A fault planted into a kernel: a fragment of its source, and what stands there instead.
package struct KernelMutant: Sendable, CustomStringConvertible {
  package enum Kind: String, Sendable, CaseIterable {
    /// Of a tile, a block or a vector, off by one.
    case edge = "tile edge"
    case barrier = "missing barrier"
    case scale = "wrong scale or code of a quantised block"
    case unwritten = "unwritten element"
    case outside = "write outside of the output"
    case read = "read out of bounds"
    case expert = "swapped expert"
    case batch = "sum that depends on the batch"
    case window = "wrong mask or window"
    case sink = "missing sink"
    case rotary = "wrong rotary pair"
    case tie = "wrong tie"
    case bias = "missing bias"
    case activation = "wrong activation or norm"
    case table = "wrong block table or slot"
    case softmax = "wrong softmax"
    case count = "wrong count"
    case extreme = "wrong for extreme numbers"
  }

  package let kind: Kind
  /// Below `Kernels/`.
  package let file: String
  /// Stands in the file once.
  package let fragment: String
  package let replacement: String
  /// The style of kernels, the op family and the words of the cases that are to find it.
  package let style: String
  package let op: String
  package let shape: String?

  package init(
    _ kind: Kind, _ file: String, _ fragment: String, _ replacement: String, _ style: String, _ op: String,
    _ shape: String? = nil
  ) {
    self.kind = kind
    self.file = file
    self.fragment = fragment
    self.replacement = replacement
    self.style = style
    self.op = op
    self.shape = shape
  }

  package var description: String { "\(kind.rawValue), \(file) (\(style)): \(fragment)" }

  /// - Throws: if the fragment is not in the text, or not once.
  package func apply(to text: String) throws -> String {
    let found = text.ranges(of: fragment).count
    guard found == 1 else { throw NotPlanted(file: file, fragment: fragment, found: found) }
    return text.replacing(fragment, with: replacement)
  }

  package struct NotPlanted: Error, CustomStringConvertible {
    let file: String
    let fragment: String
    let found: Int

    package var description: String {
      "Kernels/\(file) has \"\(fragment)\" \(found) times, expected once: the planted fault has to follow the kernel"
    }
  }
}
