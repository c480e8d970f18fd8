import Foundation
import OpenCL
import Testing

struct ProgramCacheTests {
  // XDG Base Directory Specification: relative paths are ignored.
  @Test(
    arguments: [
      (["STRATA_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b", "HOME": "/c"], "/a"),
      (["STRATA_CACHE_DIR": "", "XDG_CACHE_HOME": "/b", "HOME": "/c"], "/b/strata/programs"),
      (["XDG_CACHE_HOME": "relative", "HOME": "/c"], "/c/.cache/strata/programs"),
      (["HOME": "/c"], "/c/.cache/strata/programs"), (["HOME": ""], nil), ([:], nil),
    ] as [([String: String], String?)])
  func defaultFolder(environment: [String: String], expected: String?) {
    #expect(ProgramCache.defaultFolder(environment: environment) == expected)
  }
}

@Suite(.needsDevice)
struct ProgramCacheOnDeviceTests {
  private static func source(_ value: Int) -> String { "__kernel void put(__global int *a) { a[0] = \(value); }" }

  private func run(_ cache: ProgramCache, _ device: Device, _ value: Int, options: String = "") throws -> Int32 {
    let context = try Context(device)
    let program = try cache.program(context, source: Self.source(value), options: options, label: "put")
    return try put(context, program)
  }

  @Test("the first call builds and stores, a later one loads", arguments: TestDevice.all)
  func secondLoads(_ device: Device) throws {
    let folder = TemporaryFolder()
    let cache = ProgramCache(folder: folder.path + "/a/b")
    #expect(try run(cache, device, 11) == 11)
    #expect(cache.statistics == .init(built: 1, stored: 1))
    #expect(try run(cache, device, 11) == 11)
    #expect(cache.statistics == .init(loaded: 1, built: 1, stored: 1))
    let nextProcess = ProgramCache(folder: folder.path + "/a/b")
    #expect(try run(nextProcess, device, 11) == 11)
    #expect(nextProcess.statistics == .init(loaded: 1))
  }

  @Test("what is not to be kept leaves no entry, but one that is there serves", arguments: TestDevice.all)
  func keepsNothing(_ device: Device) throws {
    let folder = TemporaryFolder()
    let passing = ProgramCache(folder: folder.path, keepsBuilt: false)
    #expect(try run(passing, device, 12) == 12)
    #expect(passing.statistics == .init(built: 1))
    #expect(!FileManager.default.fileExists(atPath: try path(passing, device, 12)))
    #expect(try run(ProgramCache(folder: folder.path), device, 12) == 12)
    #expect(try run(passing, device, 12) == 12)
    #expect(passing.statistics == .init(loaded: 1, built: 1))
  }

  @Test("what is loaded is the file: a valid entry with another program's binary runs that", arguments: TestDevice.all)
  func loadsTheFile(_ device: Device) throws {
    let folder = TemporaryFolder()
    let cache = ProgramCache(folder: folder.path)
    #expect(try run(cache, device, 1) == 1)
    let context = try Context(device)
    let binary = try Program(context, source: Self.source(2), options: "", label: "put").binary()
    let key = ProgramCacheEntry.key(device: device, source: Self.source(1), options: "")
    try replace(try path(cache, device, 1), ProgramCacheEntry.encode(key: key, binary: binary))
    #expect(try run(cache, device, 1) == 2)
  }

  @Test("other sources and other options are other entries", arguments: TestDevice.all)
  func separate(_ device: Device) throws {
    let folder = TemporaryFolder()
    let cache = ProgramCache(folder: folder.path)
    #expect(try run(cache, device, 1) == 1)
    #expect(try run(cache, device, 2) == 2)
    #expect(try run(cache, device, 1, options: "-DX=1") == 1)
    #expect(cache.statistics == .init(built: 3, stored: 3))
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == 3)
  }

  @Test("a damaged entry is built again and replaced", arguments: TestDevice.all)
  func damaged(_ device: Device) throws {
    let folder = TemporaryFolder()
    let seed = UInt64.random(in: 0...(.max))
    var random = SplitMix(state: seed)
    #expect(try run(ProgramCache(folder: folder.path), device, 5) == 5)
    let path = try path(ProgramCache(folder: folder.path), device, 5)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    // One place of each part, and some at random: every place is tried without a device in ProgramCacheEntryTests.
    let places = [0, 8, 12, 40, whole.count / 2, whole.count - 9, whole.count - 1]
    var damages: [[UInt8]] = []
    for place in places + (0..<6).map({ _ in Int.random(in: 0..<whole.count, using: &random) }) {
      var bytes = [UInt8](whole)
      bytes[place] ^= UInt8.random(in: 1...255, using: &random)
      damages.append(bytes)
    }
    damages += [0, 1, 7, 20, whole.count / 2, whole.count - 1].map { [UInt8](whole.prefix($0)) }
    damages.append([UInt8](whole) + [0])
    for (index, damage) in damages.enumerated() {
      try replace(path, damage)
      let cache = ProgramCache(folder: folder.path)
      #expect(try run(cache, device, 5) == 5, "damage \(index), seed \(seed)")
      #expect(cache.statistics == .init(built: 1, rejected: 1, stored: 1), "damage \(index), seed \(seed)")
      #expect(try run(cache, device, 5) == 5)
      #expect(cache.statistics.loaded == 1, "damage \(index), seed \(seed): replaced by a good entry")
    }
  }

  @Test("an entry of another program or another driver is built again", arguments: TestDevice.all)
  func foreign(_ device: Device) throws {
    let folder = TemporaryFolder()
    let cache = ProgramCache(folder: folder.path)
    #expect(try run(cache, device, 1) == 1)
    #expect(try run(cache, device, 2) == 2)
    let other = try Data(contentsOf: URL(fileURLWithPath: path(cache, device, 2)))
    try replace(try path(cache, device, 1), [UInt8](other))
    #expect(try run(cache, device, 1) == 1)
    #expect(cache.statistics == .init(built: 3, rejected: 1, stored: 3))

    // The same program by the driver before an update, put where the new driver looks.
    let key = ProgramCacheEntry.key(device: device, source: Self.source(1), options: "")
    let driver = Array("\n\(device.driverVersion)\n".utf8)
    var oldKey = key
    let place = try #require(key.indices.first { key[$0...].starts(with: driver) })
    oldKey[place + 1] ^= 1
    try replace(try path(cache, device, 1), ProgramCacheEntry.encode(key: oldKey, binary: Array("not ours".utf8)))
    #expect(try run(cache, device, 1) == 1)
    #expect(cache.statistics == .init(built: 4, rejected: 2, stored: 4))
  }

  @Test("a folder that cannot be written is no cache, and no error", arguments: TestDevice.all)
  func unwritable(_ device: Device) throws {
    let folder = TemporaryFolder()
    try FileManager.default.createDirectory(atPath: folder.path, withIntermediateDirectories: true)
    // A file where the folder should be: no permission lets anybody write below it.
    try replace(folder.path + "/file", [1])
    let cache = ProgramCache(folder: folder.path + "/file/programs")
    #expect(try run(cache, device, 3) == 3)
    #expect(try run(cache, device, 3) == 3)
    #expect(cache.statistics == .init(built: 2))
  }

  @Test("a folder where the entry should be is no error", arguments: TestDevice.all)
  func folderForEntry(_ device: Device) throws {
    let folder = TemporaryFolder()
    let cache = ProgramCache(folder: folder.path)
    try FileManager.default.createDirectory(
      atPath: path(cache, device, 3) + "/inside", withIntermediateDirectories: true)
    #expect(try run(cache, device, 3) == 3)
    #expect(cache.statistics == .init(built: 1, rejected: 1))
  }

  @Test("without a folder every call builds", arguments: TestDevice.all)
  func noFolder(_ device: Device) throws {
    let cache = ProgramCache(folder: nil)
    #expect(cache.path(device: device, source: "", options: "") == nil)
    #expect(try run(cache, device, 4) == 4)
    #expect(try run(cache, device, 4) == 4)
    #expect(cache.statistics == .init(built: 2))
  }

  @Test("a source that does not compile is an error and leaves no entry", arguments: TestDevice.all)
  func broken(_ device: Device) throws {
    let folder = TemporaryFolder()
    let cache = ProgramCache(folder: folder.path)
    let context = try Context(device)
    let error = try thrown { _ = try cache.program(context, source: "no kernel", options: "", label: "bad.cl") }
    #expect(error.symbol == "CL_BUILD_PROGRAM_FAILURE")
    #expect(error.context.contains("bad.cl"))
    #expect(cache.statistics == .init())
    #expect(!FileManager.default.fileExists(atPath: folder.path))
    #expect(context.ledger.liveHandles == 1)
  }

  @Test("many at once get right programs and leave one whole entry and no other file", arguments: TestDevice.all)
  func concurrent(_ device: Device) async throws {
    let folder = TemporaryFolder()
    let path = folder.path
    let results = try await withThrowingTaskGroup(of: Int32.self) { group in
      for _ in 0..<8 { group.addTask { try run(ProgramCache(folder: path), device, 6) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(results == Array(repeating: 6, count: 8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 1)
    let cache = ProgramCache(folder: path)
    #expect(try run(cache, device, 6) == 6)
    #expect(cache.statistics == .init(loaded: 1))
  }

  private func path(_ cache: ProgramCache, _ device: Device, _ value: Int) throws -> String {
    try #require(cache.path(device: device, source: Self.source(value), options: ""))
  }

  private func replace(_ path: String, _ bytes: [UInt8]) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }
}

/// Random numbers that a printed seed gives again: SplitMix64 (Steele, Lea, Flood 2014).
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
