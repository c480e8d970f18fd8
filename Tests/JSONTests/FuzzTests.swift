import Foundation
import JSON
import TestSupport
import Testing

/// Random values are read as they were written. Random damage is refused, or Foundation takes it for JSON, too; the
/// reverse does not hold, as Foundation also takes a comma before a closing bracket.
struct FuzzTests {
  @Test func whatIsWrittenIsRead() {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    for round in 0..<3_000 {
      let value = Self.value(depth: 0, using: &random)
      let text = value.text
      #expect((try? json(text)) == value, "seed \(seed), round \(round): \(text)")
    }
  }

  @Test func damageIsRefusedOrFoundationReadsItToo() {
    let seed = randomSeed()
    var random = SplitMix64(seed: seed)
    var accepted = 0
    var refused = 0
    for round in 0..<6_000 {
      var bytes = Array(Self.value(depth: 0, using: &random).text.utf8)
      Self.damage(&bytes, using: &random)
      do {
        let value = try JSONParser.parse(bytes)
        accepted += 1
        #expect(Self.foundationTakes(bytes), "seed \(seed), round \(round): \(quoted(bytes))")
        #expect((try? json(value.text)) == value, "seed \(seed), round \(round): \(quoted(bytes))")
      } catch {
        refused += 1
        #expect((0...bytes.count).contains(error.offset), "seed \(seed), round \(round): \(quoted(bytes))")
      }
      let asPython = try? JSONParser.parse(bytes, allowingNonFinite: true)
      #expect(
        asPython != nil || (try? JSONParser.parse(bytes)) == nil, "seed \(seed), round \(round): \(quoted(bytes))")
    }
    #expect(accepted > 100 && refused > 100, "seed \(seed): \(accepted) accepted, \(refused) refused")
  }

  private static func foundationTakes(_ bytes: [UInt8]) -> Bool {
    (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) != nil
  }

  private static func value(depth: Int, using random: inout SplitMix64) -> JSONValue {
    switch Int.random(in: 0..<(depth < 4 ? 9 : 6), using: &random) {
    case 0: return nil
    case 1: return .bool(.random(using: &random))
    case 2: return .int(Int(truncatingIfNeeded: random.next()) >> Int.random(in: 0..<64, using: &random))
    case 3:
      let double = Double(bitPattern: random.next())
      return .double(double.isFinite ? double : 0.5)
    case 4, 5: return .string(string(using: &random))
    case 6:
      return .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in value(depth: depth + 1, using: &random) })
    default:
      var members = JSONMembers()
      for _ in 0..<Int.random(in: 0..<14, using: &random) {
        _ = members.add(string(using: &random), value(depth: depth + 1, using: &random))
      }
      return .object(members)
    }
  }

  /// Any scalars, many of which JSON must escape or Unicode composes.
  private static func string(using random: inout SplitMix64) -> JSONString {
    var text = String.UnicodeScalarView()
    for _ in 0..<Int.random(in: 0..<8, using: &random) {
      let limit: UInt32 = [0x20, 0x80, 0x400, 0x11_0000].randomElement(using: &random) ?? 0x80
      text.append(Unicode.Scalar(UInt32.random(in: 0..<limit, using: &random)) ?? "\u{301}")
    }
    return JSONString(String(text))
  }

  private static func damage(_ bytes: inout [UInt8], using random: inout SplitMix64) {
    let pieces = [
      "NaN", "-Infinity", "1e999", "\\ud800", "\\u0041", "\\", "\"", "null", "-", "0", ".", "e", ",", ":", "[", "]",
      "{}", "\u{301}",
    ]
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      guard !bytes.isEmpty else { return }
      let place = Int.random(in: 0..<bytes.count, using: &random)
      let end = min(bytes.count, place + Int.random(in: 1...6, using: &random))
      switch Int.random(in: 0..<5, using: &random) {
      case 0: bytes[place] = .random(in: 0...255, using: &random)
      case 1: bytes[place] = .random(in: 0x20...0x7E, using: &random)
      case 2: bytes.removeSubrange(place..<end)
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
      default: bytes.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: place)
      }
    }
  }
}
