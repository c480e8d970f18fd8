import Scheduling
import Testing

struct PolicyNameTests {
  @Test func namesMakeTheirPolicies() throws {
    for name in PolicyName.allCases {
      #expect(try name.policy(layerGroups: nil, layerCount: 4).name == name.rawValue)
    }
    let layered = try #require(try PolicyName.layered.policy(layerGroups: 3, layerCount: 4) as? Layered)
    #expect(layered.groups == 3)
  }

  @Test(arguments: [-1, 0, 5])
  func groupsBeyondTheLayersAreRefused(groups: Int) {
    #expect {
      try PolicyName.layered.policy(layerGroups: groups, layerCount: 4)
    } throws: {
      "\($0)".contains("layer-groups is \(groups), expected 1 to 4")
    }
  }

  @Test func onlyLayeredCutsTheLayers() {
    #expect {
      try PolicyName.continuous.policy(layerGroups: 2, layerCount: 4)
    } throws: {
      "\($0)".contains("layer-groups is 2") && "\($0)".contains("continuous")
    }
  }
}
