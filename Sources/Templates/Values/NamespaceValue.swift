/// The only value that a template can change. `Renderer` empties them all in the end, so that cycles of them are freed.
final class NamespaceValue {
  var attributes: [(name: String, value: Value)] = []

  subscript(name: String) -> Value? {
    get { attributes.first { Text.same($0.name, name) }?.value }
    set {
      guard let newValue else { return }
      if let place = attributes.firstIndex(where: { Text.same($0.name, name) }) {
        attributes[place].value = newValue
      } else {
        attributes.append((name, newValue))
      }
    }
  }
}
