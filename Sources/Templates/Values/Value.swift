/// A value of a template, as Python has it.
enum Value {
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case text(Text)
  case list(ListValue)
  case dict(DictValue)
  case range(RangeValue)
  /// Gives its elements once: what `map`, `select` and the like make.
  case iterator(IteratorValue)
  /// `keys()`, `values()` or `items()` of a mapping.
  case view(DictView)
  case namespace(NamespaceValue)
  case loop(LoopValue)
  case macro(MacroValue)
  case cycler(CyclerValue)
  /// A method together with the value it belongs to.
  indirect case method(MethodValue)
  case function(GlobalFunction)
  /// Named for messages: what was asked for and is not there.
  case undefined(String)

  static func string(_ text: String) -> Value { .text(Text(text)) }

  /// The name of the value's type, for messages.
  var kind: String {
    switch self {
    case .none: "none"
    case .bool: "a boolean"
    case .int, .double: "a number"
    case .text: "a string"
    case .list(let list): list.isTuple ? "a tuple" : "a list"
    case .dict: "a mapping"
    case .range: "a range"
    case .iterator: "a generator"
    case .view: "a view of a mapping"
    case .namespace: "a namespace"
    case .loop: "a loop"
    case .macro: "a macro"
    case .cycler: "a cycler"
    case .method, .function: "a function"
    case .undefined(let name): "undefined (\(name))"
    }
  }

  var extent: Extent {
    switch self {
    case .list(let list): list.extent
    case .dict(let dict): dict.extent
    case .view(let view): view.dict.extent
    case .iterator(let iterator): iterator.extent
    case .method(let method): method.receiver.extent
    case .cycler(let cycler): cycler.items.extent
    case .range(let range): Extent(size: range.count)
    default: Extent()
    }
  }

  var isUndefined: Bool {
    if case .undefined = self { true } else { false }
  }

  /// An integer: a number or, as in Python, a boolean.
  var integer: Int? {
    switch self {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  /// A number as floating point.
  var number: Double? {
    if case .double(let value) = self { value } else { integer.map(Double.init) }
  }
}

/// A method together with the value that it belongs to.
struct MethodValue {
  let receiver: Value
  let name: String

  init(_ receiver: Value, _ name: String) {
    self.receiver = receiver
    self.name = name
  }
}
