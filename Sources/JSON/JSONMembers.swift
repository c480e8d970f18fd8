/// The members of a JSON object, in the order of the file; no two have one name.
package struct JSONMembers: Sendable {
  package struct Member: Sendable, Equatable {
    package let name: JSONString
    package let value: JSONValue
  }

  private var members: [Member] = []
  private var places = NamePlaces()

  package init() {}

  /// The value of the member called `name`; in constant time.
  package subscript(name: JSONString) -> JSONValue? {
    places.place(of: name, in: members).map { members[$0].value }
  }

  /// Adds a member; false, with nothing changed, if the name is taken.
  package mutating func add(_ name: JSONString, _ value: JSONValue) -> Bool {
    guard places.reserve(name, in: members) else { return false }
    members.append(Member(name: name, value: value))
    return true
  }
}

extension JSONMembers: RandomAccessCollection {
  package var startIndex: Int { 0 }
  package var endIndex: Int { members.count }
  package subscript(index: Int) -> Member { members[index] }
}

extension JSONMembers: Equatable {
  package static func == (left: Self, right: Self) -> Bool { left.members == right.members }
}

/// Where in a list of members each name is: a hash table with linear probing.
///
/// A `Dictionary` hashes all names again whenever it grows, which doubled the time that a vocabulary took to read.
private struct NamePlaces {
  /// 0 for a free slot, or else the lower half of the name's hash above the place + 1. At least half are free; none
  /// while there are few members, which are found faster by looking at each.
  private var slots: [UInt64] = []
  private static let few = 8

  func place(of name: JSONString, in members: [JSONMembers.Member]) -> Int? {
    if slots.isEmpty { return members.firstIndex { $0.name == name } }
    return find(name, Self.hash(name), in: members).place
  }

  /// Gives `name` the place behind `members`; false if one of them has it.
  mutating func reserve(_ name: JSONString, in members: [JSONMembers.Member]) -> Bool {
    if members.count < Self.few { return place(of: name, in: members) == nil }
    if 2 * (members.count + 1) > slots.count { grow(members) }
    let hash = Self.hash(name)
    let (slot, place) = find(name, hash, in: members)
    if place != nil { return false }
    slots[slot] = hash << 32 | UInt64(members.count + 1)
    return true
  }

  private static func hash(_ name: JSONString) -> UInt64 { UInt64(UInt32(truncatingIfNeeded: name.hashValue)) }

  /// The place of `name`, or nil and the free slot where it belongs.
  private func find(
    _ name: JSONString, _ hash: UInt64, in members: [JSONMembers.Member]
  ) -> (slot: Int, place: Int?) {
    var slot = Int(hash) & (slots.count - 1)
    while slots[slot] != 0 {
      let place = Int(UInt32(truncatingIfNeeded: slots[slot])) - 1
      if slots[slot] >> 32 == hash, members[place].name == name { return (slot, place) }
      slot = (slot + 1) & (slots.count - 1)
    }
    return (slot, nil)
  }

  private mutating func grow(_ members: [JSONMembers.Member]) {
    let entries =
      slots.isEmpty
      ? members.enumerated().map { Self.hash($1.name) << 32 | UInt64($0 + 1) } : slots.filter { $0 != 0 }
    slots = [UInt64](repeating: 0, count: slots.isEmpty ? 4 * Self.few : 2 * slots.count)
    for entry in entries {
      var slot = Int(entry >> 32) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = entry
    }
  }
}
