import Checkpoints

/// What tensors' names say. Names that differ in numbers alone are looked at once: a model of many experts has thousands.
struct TensorRoles {
  private var known: [String: (part: ModelPart, isDown: Bool)] = [:]

  /// - Returns: the part that a tensor counts to, where biases of experts stay on the device, whatever experts do; whether it
  ///   is a down projection of experts; and the layer, of `model.layers.3.mlp.gate.weight` 3.
  mutating func role(of name: String) -> (part: ModelPart, isDown: Bool, layer: Int?) {
    let names = name.utf8.split(separator: UInt8(ascii: "."))
    let layers = names.firstIndex { $0.elementsEqual("layers".utf8) }
    let layer = layers.flatMap { names.indices.contains($0 + 1) ? Int(Substring(names[$0 + 1])) : nil }
    var pattern: [UInt8] = []
    for own in names {
      pattern +=
        own.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? [UInt8(ascii: "0")] : Array(own)
      pattern.append(UInt8(ascii: "."))
    }
    let key = String(decoding: pattern, as: UTF8.self)
    let role = known[key] ?? Self.role(name)
    known[key] = role
    return (role.part, role.isDown, layer)
  }

  private static func role(_ name: String) -> (part: ModelPart, isDown: Bool) {
    let part = ModelPart(tensorName: name)
    let isBias = name.hasSuffix("_bias") || name.hasSuffix(".bias")
    let isDown = ["down", "w2", "output_linear"].contains { name.contains($0) }
    return (part == .experts && isBias ? .other : part, isDown)
  }
}
