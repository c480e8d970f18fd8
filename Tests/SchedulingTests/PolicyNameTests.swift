import Scheduling
import Testing

struct PolicyNameTests {
  @Test func namesMakeTheirPolicies() throws {
    for name in PolicyName.allCases {
      #expect(try PolicyOptions(name).policy(layerCount: 4).name == name.rawValue)
    }
    let layered = try PolicyOptions(.layered, layerGroups: 3).policy(layerCount: 4)
    #expect((layered as? Layered)?.groups == 3)
    let chunked = try PolicyOptions(.chunked, chunkSize: 77).policy(layerCount: 4)
    #expect((chunked as? Chunked)?.chunkSize == 77)
    let adaptive = try PolicyOptions(.adaptive, tbtTarget: 0.25).policy(layerCount: 4)
    #expect((adaptive as? Adaptive)?.tbtTarget == 0.25)
  }

  private func refusal(_ options: PolicyOptions) -> String {
    do {
      _ = try options.policy(layerCount: 4)
      return "accepted"
    } catch { return error.description }
  }

  @Test(arguments: [-1, 0, 5])
  func groupsBeyondTheLayersAreRefused(groups: Int) {
    #expect(
      refusal(PolicyOptions(.layered, layerGroups: groups))
        == "layer-groups is \(groups), expected 1 to 4, the model's layers")
  }

  @Test func optionsOfOtherPoliciesAreRefused() {
    for name in PolicyName.allCases {
      #expect((refusal(PolicyOptions(name, layerGroups: 2)) == "accepted") == (name == .layered))
      #expect((refusal(PolicyOptions(name, chunkSize: 2)) == "accepted") == (name == .chunked))
      #expect((refusal(PolicyOptions(name, tbtTarget: 2)) == "accepted") == (name == .adaptive))
    }
    let text = refusal(PolicyOptions(.continuous, layerGroups: 2))
    #expect(text.contains("layer-groups is 2") && text.contains("continuous"))
  }

  @Test func sizesAndTargetsMustBeAboveZero() {
    #expect(refusal(PolicyOptions(.chunked, chunkSize: 0)) == "chunk-size is 0, expected 1 or more")
    for target in [0, -1, Double.infinity, .nan] {
      #expect(refusal(PolicyOptions(.adaptive, tbtTarget: target)).contains("expected a time above 0"))
    }
  }

  @Test func labelsTellPoliciesApart() {
    #expect(PolicyOptions(.chunked).label == "chunked")
    #expect(PolicyOptions(.chunked, chunkSize: 1024).label == "chunked 1024")
    #expect(PolicyOptions(.layered, layerGroups: 4).label == "layered 4 groups")
    #expect(PolicyOptions(.layered, groupTable: 12).label == "layered table 12")
  }

  @Test func aGroupTableIsOfLayeredByItself() throws {
    let policy = try PolicyOptions(.layered, groupTable: 12).policy(layerCount: 24)
    #expect((policy as? Layered)?.rule == .table(stages: 12))
    for options in [
      PolicyOptions(.chunked, groupTable: 12), PolicyOptions(.layered, layerGroups: 2, groupTable: 12),
      PolicyOptions(.layered, groupTable: 0),
    ] {
      #expect(throws: SchedulingError.self) { try options.policy(layerCount: 24) }
    }
  }
}
