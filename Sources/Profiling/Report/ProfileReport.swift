/// All that was profiled, for the terminal, as JSON, and as a page.
package struct ProfileReport: Sendable, Encodable {
  package var ceilings: DeviceCeilings
  package var expertLoads: ExpertLoadProfile?
  package var popularity: ExpertPopularity?
  package var policies: [PolicyRun]?
  /// Of each policy's last round.
  package var timelines: [DeviceTimeline] = []

  package init(
    ceilings: DeviceCeilings, expertLoads: ExpertLoadProfile? = nil, popularity: ExpertPopularity? = nil,
    policies: PolicyProfile? = nil
  ) {
    self.ceilings = ceilings
    self.expertLoads = expertLoads
    self.popularity = popularity
    self.policies = policies?.runs
    timelines = policies?.timelines ?? []
  }

  private enum CodingKeys: CodingKey { case ceilings, expertLoads, popularity, policies }

  /// Everything as text; of the ceilings only what is not said by the rest.
  package var lines: [String] {
    guard let expertLoads else { return ceilings.lines }
    var lines = expertLoads.lines
    if let popularity { lines += [""] + popularity.lines }
    if let policies { lines += [""] + PolicyProfile(runs: policies, timelines: timelines).lines }
    return lines
  }

  /// The timelines of all policies, each named.
  package var namedTimelines: [(name: String, timeline: DeviceTimeline)] {
    zip(policies ?? [], timelines).map { ($0.policy, $1) }
  }
}
