/// The bytes of one file of `ProgramCache`. Integers are little-endian:
///
///     magic "STRATACL" | version UInt32 | key count UInt64 | key | binary count UInt64 | binary | checksum UInt64
///
/// The checksum is `fnv1a` of everything before it. The whole key is in the file since its hash, the file's name, could
/// be another program's too.
package enum ProgramCacheEntry {
  private static let magic = Array("STRATACL".utf8)
  private static let version: UInt32 = 1

  /// Everything that a binary depends on. Each part has its length before it, so that no two lists give the same bytes.
  package static func key(device: Device, source: String, options: String) -> [UInt8] {
    let parts = [
      ("platform", device.platformName), ("platform version", device.platformVersion), ("device", device.name),
      ("vendor", device.vendor), ("driver", device.driverVersion), ("device version", device.version),
      ("options", options), ("source", source),
    ]
    var key: [UInt8] = []
    for (name, value) in parts {
      key += Array("\(name) \(value.utf8.count)\n".utf8)
      key += Array(value.utf8)
      key += Array("\n".utf8)
    }
    return key
  }

  package static func encode(key: [UInt8], binary: [UInt8]) -> [UInt8] {
    var entry = head(key)
    entry += littleEndian(UInt64(binary.count))
    entry += binary
    entry += littleEndian(fnv1a(entry))
    return entry
  }

  /// The binary, or nil when any byte is not as `encode` wrote it for this key.
  package static func decode(_ entry: [UInt8], key: [UInt8]) -> [UInt8]? {
    let head = head(key)
    let countWidth = MemoryLayout<UInt64>.size
    let start = head.count + countWidth
    let count = entry.count - start - countWidth
    guard count >= 0, entry.starts(with: head) else { return nil }
    let body = entry[..<(start + count)]
    guard
      entry[head.count..<start].elementsEqual(littleEndian(UInt64(count))),
      entry[body.endIndex...].elementsEqual(littleEndian(fnv1a(body)))
    else { return nil }
    return Array(entry[start..<body.endIndex])
  }

  private static func head(_ key: [UInt8]) -> [UInt8] {
    magic + littleEndian(version) + littleEndian(UInt64(key.count)) + key
  }

  private static func littleEndian<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }
}
