import Profiling
import Testing

struct SamplesTests {
  @Test func theMedianIsTheMiddle() {
    #expect(Samples([3, 1, 2]).median == 2)
    #expect(Samples([4, 1, 2, 3]).median == 2.5)
    #expect(Samples([5]).median == 5)
    #expect(Samples([3, 1, 2]).least == 1)
  }
}
