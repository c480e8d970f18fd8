import Foundation
import TestSupport
import Testing

struct TestSupportTests {
  /// The first values that Vigna's reference program gives for this seed.
  @Test func splitMix64GivesItsPublishedNumbers() {
    var random = SplitMix64(seed: 1_234_567)
    #expect(random.next() == 6_457_827_717_110_365_317)
    #expect(random.next() == 3_203_168_211_198_807_973)
    #expect(random.next() == 9_817_491_932_198_370_423)
  }

  @Test func relativeErrorIsTheQuotientOfTwoNorms() {
    #expect(relativeError([3, 4], [3, 4]) == 0)
    #expect(relativeError([3, 5], [3, 4]) == 0.2)
    #expect(relativeError([0, 0], [3, 4]) == 1)
    #expect(relativeError([], []) == 0)
    #expect(relativeError([0], [0]) == 0)
    #expect(relativeError([1], [0]) == .infinity)
    #expect(relativeError([1], [1, 1]) == .infinity)
    #expect(relativeError([.nan], [1]) == .infinity)
    #expect(relativeError([1], [.nan]) == .infinity)
    #expect(relativeError([.infinity], [.infinity]) == .infinity)
  }

  @Test func aTemporaryFolderGoesWithItsObject() throws {
    var folder: TemporaryFolder? = try TemporaryFolder()
    let path = try #require(try folder?.write("a/b", "x"))
    #expect(FileManager.default.fileExists(atPath: path))
    folder = nil
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}
