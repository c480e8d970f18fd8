import JSON

/// The field `added_tokens` of a `tokenizer.json`.
struct AddedTokensSection {
  struct Item {
    /// The content in the file, by which the token's id is asked for.
    var name: [UInt8]
    /// With the content that is looked for in the text: the name, normalised where the token is.
    var token: AddedToken
    var isNormalised: Bool
    var isSpecial: Bool
  }

  /// Special tokens first, otherwise in the file's order.
  private(set) var tokens: [Item] = []

  init(_ field: JSONField?, model: ModelSection, normalizer: Normalizer) throws(TokenizerError) {
    guard let field else { return }
    var items: [Item] = []
    var seen: [[UInt8]: Int] = [:]
    let tokenOf = Dictionary(model.ids.map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    var highest: Int32 = -1
    for (index, element) in try field.elements().enumerated() {
      let name = try element.required("content").bytes()
      let id = try element.required("id")
      let item = Item(
        name: name,
        token: AddedToken(
          id: try id.tokenID(), content: name, singleWord: try element.required("single_word").bool(),
          stripsLeft: try element.required("lstrip").bool(), stripsRight: try element.required("rstrip").bool()),
        isNormalised: try element.required("normalized").bool(),
        isSpecial: try element.required("special").bool())
      if name.isEmpty { continue }
      if let other = seen.updateValue(index, forKey: name) {
        throw try element.required("content").error("\(quoted(name)) was already added by \(field.path)[\(other)]")
      }
      // `tokenizers` does not take the id from the file: a token of the model keeps its id there, any other gets the
      // next free one. Where the file disagrees, the model was trained with one of the two and we cannot tell which.
      let given = model.ids[name] ?? max(highest + 1, Int32(clamping: model.ids.count))
      guard item.token.id == given else {
        throw id.error(
          "found \(item.token.id) for \(quoted(name)), expected \(given), the next id or the one in model.vocab")
      }
      if let owner = tokenOf[given], owner != name {
        throw id.error("the id \(given) of \(quoted(name)) belongs to \(quoted(owner)) in model.vocab")
      }
      highest = max(highest, given)
      items.append(item)
    }
    for index in items.indices where items[index].isNormalised {
      let name = items[index].name
      items[index].token.content = normalizer.normalised(name, in: name.indices) ?? name
    }
    tokens = items.filter(\.isSpecial) + items.filter { !$0.isSpecial }
  }
}
