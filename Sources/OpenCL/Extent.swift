/// A number of work-items in up to three dimensions; x runs fastest.
package struct Extent: Sendable, Equatable, CustomStringConvertible {
  package var x: Int
  package var y: Int
  package var z: Int

  package init(_ x: Int, _ y: Int = 1, _ z: Int = 1) {
    self.x = x
    self.y = y
    self.z = z
  }

  package var description: String { "\(x)×\(y)×\(z)" }

  package var isEmpty: Bool { x == 0 || y == 0 || z == 0 }
  var hasNegative: Bool { x < 0 || y < 0 || z < 0 }
  var dimensions: Int { z != 1 ? 3 : y != 1 ? 2 : 1 }
}
