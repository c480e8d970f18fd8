import JSON
import TestSupport
import Testing

struct JSONMembersTests {
  /// `#expect` cannot call what changes its object.
  private func add(_ name: JSONString, _ value: JSONValue, to members: inout JSONMembers) -> Bool {
    members.add(name, value)
  }

  /// Small objects are searched, larger ones have a table that grows: each number of members has its turn.
  @Test func findsEachNameAndNoOther() {
    var members = JSONMembers()
    for count in 0..<200 {
      #expect(members["absent"] == nil)
      let name = JSONString("n\(count)")
      #expect(members[name] == nil)
      #expect(add(name, .int(count), to: &members))
      for earlier in 0...count {
        let name = JSONString("n\(earlier)")
        #expect(members[name] == .int(earlier))
        let before = members
        #expect(!add(name, nil, to: &members))
        #expect(members == before)
      }
    }
    #expect(members.map(\.name.text) == (0..<200).map { "n\($0)" })
    #expect(members.map(\.value) == (0..<200).map { .int($0) })
  }

  @Test(arguments: [0, 20])
  func comparesNamesByTheirBytes(others: Int) {
    var members = JSONMembers()
    for index in 0..<others { #expect(add(JSONString("other\(index)"), nil, to: &members)) }
    let names: [JSONString] = [
      "\u{E9}", "e\u{301}", "", "\0", "a", "A", "a\u{327}\u{301}", "a\u{301}\u{327}", "\u{212A}", "K",
    ]
    for (index, name) in names.enumerated() { #expect(add(name, .int(index), to: &members)) }
    for (index, name) in names.enumerated() {
      #expect(members[name] == .int(index))
      #expect(!add(name, nil, to: &members))
    }
    #expect(members.count == others + names.count)
  }

  @Test func equalMembersStandInOneOrder() {
    let one: JSONValue = ["a": 1, "b": 2]
    #expect(one == ["a": 1, "b": 2])
    #expect(one != ["b": 2, "a": 1])
    #expect(one != ["a": 1])
    #expect(one != ["a": 1, "b": 3])
  }

  /// Against a dictionary by bytes.
  @Test func agreesWithADictionary() {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    for round in 0..<50 {
      var members = JSONMembers()
      var expected: [[UInt8]: Int] = [:]
      for index in 0..<Int.random(in: 0...300, using: &random) {
        let letters = (0..<Int.random(in: 0...3, using: &random)).map { _ in
          ["a", "b", "\u{E9}", "e", "\u{301}"].randomElement(using: &random) ?? ""
        }
        let name = JSONString(letters.joined())
        let isNew = expected[name.bytes] == nil
        if isNew { expected[name.bytes] = index }
        #expect(add(name, .int(index), to: &members) == isNew, "seed \(seed), round \(round)")
      }
      #expect(members.count == expected.count, "seed \(seed), round \(round)")
      for (bytes, index) in expected {
        let name = JSONString(String(decoding: bytes, as: UTF8.self))
        #expect(members[name] == .int(index), "seed \(seed), round \(round)")
      }
    }
  }
}
