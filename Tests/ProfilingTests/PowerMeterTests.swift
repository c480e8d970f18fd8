import Foundation
import Profiling
import TestSupport
import Testing

/// The files of Linux' powercap, made by hand.
struct PowerMeterTests {
  @Test func energyOfAllPackagesIsCounted() throws {
    let folder = try TemporaryFolder()
    func set(_ zone: String, _ microjoules: Int) throws { try folder.write("\(zone)/energy_uj", "\(microjoules)\n") }
    try set("intel-rapl:0", 1_000_000)
    try set("intel-rapl:1", 9_000_000)
    try folder.write("intel-rapl:1/max_energy_range_uj", "10000000\n")
    // A part of package 0, which must not count twice.
    try set("intel-rapl:0:0", 0)
    let meter = try #require(PowerMeter(folder: folder.path))
    let (_, joules) = try meter.joules {
      try set("intel-rapl:0", 3_500_000)
      try set("intel-rapl:0:0", 2_000_000)
      // It began anew.
      try set("intel-rapl:1", 500_000)
    }
    #expect(abs(joules - (2.5 + 1.5)) < 1e-9)
  }

  @Test func withoutACounterThereIsNoMeter() throws {
    #expect(PowerMeter(folder: "/nowhere") == nil)
    let folder = try TemporaryFolder()
    try folder.write("intel-rapl:0/energy_uj", "not a number")
    #expect(PowerMeter(folder: folder.path) == nil)
  }
}
