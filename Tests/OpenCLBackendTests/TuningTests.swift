import Backend
import Foundation
import OpenCL
import OpenCLBackend
import TestSupport
import Testing
import Validation

struct TuningTests {
  private static let device = (try? Device.all())?.first { DeviceReport($0).isUsable }
  private static let formats: [ElementFormat] = [.f32, .bf16, .q80, .q40, .mxfp4]

  @Test func rowsHaveClasses() {
    #expect(Tuning.Rows(0) == .one && Tuning.Rows(1) == .one)
    #expect(Tuning.Rows(2) == .few && Tuning.Rows(64) == .few && Tuning.Rows(65) == .many)
  }

  @Test(.enabled(if: device != nil, "needs an OpenCL device"))
  func whatIsSavedComesBack() throws {
    let device = try #require(Self.device)
    let folder = try TemporaryFolder()
    #expect(TunedDevice.saved(device, .cpu, folder: folder.path) == nil)
    var tuned = TunedDevice(device, .cpu)
    let cut = Tuning.Cut(itemsPerUnit: 4, itemRows: 128)
    tuned.entries.append(.init(Tuning.Key(.linear, .q80, .many), cut, speedup: 1.25))
    try tuned.save(device, folder: folder.path)
    #expect(TunedDevice.saved(device, .cpu, folder: folder.path) == tuned)
    // Kernels of another style are another device's, and so is another CPU of the same driver and name.
    #expect(TunedDevice.saved(device, .gpu, folder: folder.path) == nil)
    var other = tuned
    other.cpu = "GenuineIntel 6.143"
    try other.save(device, folder: folder.path)
    #expect(TunedDevice.saved(device, .cpu, folder: folder.path) == nil && !other.matches(device, .cpu))
    #expect(tuned.tuning[.linear, .q80, 100] == cut)
    #expect(tuned.tuning[.linear, .q80, 64] == Tuning.Cut())
    #expect(tuned.tuning[.linear, .bf16, 100] == Tuning.Cut())
  }

  @Test(
    .enabled(if: device != nil, "needs an OpenCL device"),
    arguments: ["", "[]", "{", #"{"device": 1}"#, "rows", "nul"])
  func aDamagedFileCountsAsNone(text: String) throws {
    let device = try #require(Self.device)
    let folder = try TemporaryFolder()
    var tuned = TunedDevice(device, .cpu)
    let key = Tuning.Key(.grouping, nil, .many)
    // Sound but for what the search would never write.
    if text == "rows" { tuned.entries.append(.init(key, Tuning.Cut(itemRows: 0), speedup: 1)) }
    if text == "nul" { tuned.entries.append(.init(key, Tuning.Cut(tileN: 3), speedup: 1)) }
    try tuned.save(device, folder: folder.path)
    let file = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.path).first)
    if text != "rows", text != "nul" { try folder.write(file, text) }
    #expect(TunedDevice.saved(device, .cpu, folder: folder.path) == nil)
  }

  @Test func theDatabaseIsSound() {
    for tuned in TunedDevice.shipped {
      #expect(!tuned.device.isEmpty && tuned.units > 0)
      #expect(Set(tuned.entries.map(\.key)).count == tuned.entries.count)
    }
  }

  /// K = 96 is no whole number of large steps, and 33 rows and 70 features are no whole tiles.
  @Test(.enabled(if: device != nil, "needs an OpenCL device"), arguments: [KernelStyle.cpu, .gpu], formats)
  func noCutChangesABit(style: KernelStyle, format: ElementFormat) throws {
    let device = try #require(Self.device)
    let (rows, columns, features) = (33, 96, 70)
    let memory = OwnedMemory(byteCount: features * format.rowBytes(columns))
    var random = SplitMix(state: 5)
    func floats(_ count: Int) -> [Float] {
      (0..<count).map { _ in Float(Int32(truncatingIfNeeded: random.next())) * 0x1p-31 }
    }
    let start = try #require(memory.bytes.baseAddress)
    BlockEncoding.encode(floats(features * columns), count: features * columns, as: format, to: start)
    let tensor = HostTensor(
      name: "w", format: format, shape: [features, columns], bytes: UnsafeRawBufferPointer(memory.bytes), source: "",
      owner: memory)
    let backend = try OpenCLBackend(device, plan: DevicePlan(device, style: style))
    let weight = try backend.loadMatrix(MatrixSource(label: "w", parts: [[tensor]]))
    let x = try backend.makeActivation(rows: rows, columns: columns, label: "x")
    let out = try backend.makeActivation(rows: rows, columns: features, label: "out")
    try backend.write(floats(rows * columns), to: x, at: 0)
    let cuts =
      style == .cpu
      ? [1, 4, 32].flatMap { items in [8, 16, 512].map { Tuning.Cut(itemsPerUnit: items, itemRows: $0) } }
        + [0, 1024, 16384].map { Tuning.Cut(fetchBytes: $0) }
      : [(1, 2, 32), (2, 8, 32), (8, 2, 32), (8, 4, 32)].map { Tuning.Cut(tileM: $0.0, tileN: $0.1, blockK: $0.2) }
    var expected: [UInt32] = []
    for cut in [Tuning.Cut()] + cuts {
      backend.retune(Tuning([Tuning.Key(.linear, format, .few): cut]))
      try backend.linear(x, weight, rows: rows, into: out, accumulate: false)
      let bits = try backend.read(out, rows: 0..<rows).map(\.bitPattern)
      if expected.isEmpty { expected = bits }
      #expect(bits == expected, "\(cut.description)")
    }
  }

  /// What a grouped product's entries hold, and how their tiles are cut, for several rows an expert and for few.
  @Test(
    .enabled(if: device != nil, "needs an OpenCL device"), arguments: [KernelStyle.cpu, .gpu],
    ["rows=130 experts=8 bf16 random", "rows=37 Q8_0 random"])
  func noCutChangesABitOfExperts(style: KernelStyle, shape: String) throws {
    let device = try #require(Self.device)
    let test = try #require(try CaseSelection(op: "Experts", shape: shape, randomCases: 0).cases().first)
    let backend = try OpenCLBackend(
      device, plan: DevicePlan(device, style: style), cache: ProgramCache(keepsBuilt: false))
    let cuts =
      style == .cpu
      ? [8, 16, 64, 512].map { Tuning.Cut(itemRows: $0) } + [0, 1024, 16384].map { Tuning.Cut(fetchBytes: $0) }
      : [(2, 32), (8, 32)].map { Tuning.Cut(tileN: $0.0, blockK: $0.1) }
    func bits() throws -> [UInt32] { try test.run(backend, rows: 0..<test.rows).values.map(\.bitPattern) }
    let expected = try bits()
    for cut in cuts {
      let keys = Tuning.Rows.allCases.flatMap { rows in
        [Tuning.Key(.grouping, nil, rows)] + test.formats.map { Tuning.Key(.experts, $0, rows) }
      }
      backend.retune(Tuning(Dictionary(uniqueKeysWithValues: keys.map { ($0, cut) })))
      #expect(try bits() == expected, "\(test.name): \(cut.description)")
    }
  }
}
