package import Backend

/// Which cases to run.
package struct CaseSelection: Sendable, Equatable {
  /// A part of an op family's name, or of `Model`; nil for all.
  package var op: String?
  /// Of a case's weights, or of some of them; nil for all, and for cases that have none.
  package var format: ElementFormat?
  /// A case's name, or words that it must have, such as "rows=33 K=100"; nil for any.
  package var shape: String?
  /// Random cases of each family, and what decides them.
  package var randomCases: Int
  package var seed: UInt64

  package init(
    op: String? = nil, format: ElementFormat? = nil, shape: String? = nil, randomCases: Int = 8, seed: UInt64 = 1
  ) {
    self.op = op
    self.format = format
    self.shape = shape
    self.randomCases = randomCases
    self.seed = seed
  }

  /// The format of weights that a person means by `name`.
  /// - Throws: `BackendError` that lists them, if it is none.
  package static func format(named name: String) throws(BackendError) -> ElementFormat {
    let weights = ElementFormat.weights
    guard let format = ElementFormat(name: name), weights.contains(format) else {
      throw BackendError("format is \"\(name)\", expected one of \(weights.map(\.name).joined(separator: ", "))")
    }
    return format
  }

  /// Whether whole models are meant: unless something is asked for that these do not have.
  package var hasModel: Bool {
    guard format == nil, shape == nil else { return false }
    return op.map { Self.has("Model", $0) } ?? true
  }
  /// Whether no case of an op is meant.
  package var isModelOnly: Bool {
    guard let op else { return false }
    return Self.has("Model", op) && !Validator.families.contains { Self.has($0, op) }
  }

  /// The cases, none where a model alone is meant.
  ///
  /// - Throws: `BackendError` naming the option that leaves no case.
  package func cases() throws(BackendError) -> [any OpCase] {
    guard randomCases >= 0 else { throw BackendError("cases is \(randomCases), expected 0 or more") }
    if isModelOnly { return [] }
    var left = Validator.cases + Self.random(count: randomCases, seed: seed)
    if let op { left = try ofOp(op, left) }
    if let format { left = try inFormat(format, left) }
    if let shape { left = try ofShape(shape, left) }
    // Families stay together, in their own order; models share shapes.
    var seen: Set<String> = []
    return Validator.families.flatMap { family in
      left.filter { $0.family == family && seen.insert("\(family) \($0.name)").inserted }
    }
  }

  private func ofOp(_ op: String, _ cases: [any OpCase]) throws(BackendError) -> [any OpCase] {
    let kept = cases.filter { Self.has($0.family, op) }
    guard !kept.isEmpty else {
      let names = Validator.families.sorted() + ["Model"]
      throw BackendError("op is \"\(op)\", expected a part of one of \(names.joined(separator: ", "))")
    }
    return kept
  }

  private func inFormat(_ format: ElementFormat, _ cases: [any OpCase]) throws(BackendError) -> [any OpCase] {
    let kept = cases.filter { $0.formats.contains(format) }
    guard kept.isEmpty else { return kept }
    let others = Set(cases.flatMap(\.formats))
    let ops = Validator.families.filter { family in cases.contains { $0.family == family } }.joined(separator: ", ")
    guard !others.isEmpty else { throw BackendError("op \(ops) has no weights: no case is in \(format.name)") }
    throw BackendError(
      "format is \"\(format.name)\", expected one that cases of op \(ops) are in: "
        + ElementFormat.names(others).joined(separator: ", "))
  }

  /// A whole name means that case alone.
  private func ofShape(_ shape: String, _ cases: [any OpCase]) throws(BackendError) -> [any OpCase] {
    let named = cases.filter { $0.name == shape }
    let wanted = Self.words(of: shape)
    let kept = named.isEmpty ? cases.filter { Self.words(of: $0.name).isSuperset(of: wanted) } : named
    guard !kept.isEmpty, !wanted.isEmpty else {
      throw BackendError(
        "shape is \"\(shape)\", expected words of a case's name: `strata validate --list` shows them")
    }
    return kept
  }

  private static func has(_ name: String, _ part: String) -> Bool {
    !part.isEmpty && name.lowercased().contains(part.lowercased())
  }

  private static func words(of text: String) -> Set<String> {
    Set(text.lowercased().replacing("_", with: "").split { $0 == " " || $0 == "," }.map(String.init))
  }

  private static func random(count: Int, seed: UInt64) -> [any OpCase] {
    let families: [any RandomOpCase.Type] = [
      EmbeddingCase.self, NormCase.self, LinearCase.self, HeadProductsCase.self, AttentionCase.self, RouterCase.self,
      ExpertsCase.self,
    ]
    return families.enumerated().flatMap { index, family -> [any OpCase] in
      (0..<count).map { number in
        var random = CaseRandom(Int(truncatingIfNeeded: seed), index, number)
        return family.random(&random)
      }
    }
  }
}
