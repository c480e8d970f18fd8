import Engine
import JSON
import Scheduling

/// What the live page is told of an engine's events.
enum LiveEvents {
  static func json(_ iteration: EngineIteration, _ step: RequestClock.Step) -> JSONValue {
    var members = JSONMembers()
    _ = members.add("t", .double(Self.rounded(iteration.began)))
    _ = members.add("s", .double(Self.rounded(iteration.seconds)))
    if let predicted = iteration.predicted { _ = members.add("p", .double(Self.rounded(predicted))) }
    _ = members.add("d", .int(iteration.plan.decode.count))
    _ = members.add("tiles", .array(iteration.plan.prefill.map(tile)))
    _ = members.add("load", load(iteration))
    _ = members.add("policy", .text(iteration.policy))
    _ = members.add("ttft", .array(step.timesToFirstToken.map { .double(Self.rounded($0)) }))
    _ = members.add("tbt", .array(step.timesBetweenTokens.map { .double(Self.rounded($0)) }))
    if let ledger = iteration.ledger { _ = members.add("experts", experts(ledger)) }
    return .object(members)
  }

  private static func tile(_ tile: PrefillTile) -> JSONValue {
    [
      "l": [.int(tile.layers.lowerBound), .int(tile.layers.upperBound)],
      "r": .array(
        tile.slices.map { [.int($0.request.value), .int($0.tokens.lowerBound), .int($0.tokens.upperBound)] }),
    ]
  }

  private static func load(_ iteration: EngineIteration) -> JSONValue {
    let load = iteration.load
    return [
      "waiting": .int(load.waiting), "prefilling": .int(load.prefilling), "running": .int(load.running),
      "free": .int(load.freeBlocks), "blocks": .int(load.blocks), "preemptions": .int(iteration.statistics.preemptions),
      "prompt": .int(iteration.statistics.promptTokens), "shared": .int(iteration.statistics.sharedTokens),
    ]
  }

  private static func experts(_ ledger: Ledger) -> JSONValue {
    let total = ledger.total
    let read = total.memory[.expert] ?? Ledger.Phases()
    return [
      "decode": .double(read.decode), "prefill": .double(read.prefill),
      "link": .double(total.hostToDevice.total), "disk": .double(total.diskToHost.total),
      "slots": .int(ledger.slots), "experts": .int(ledger.experts),
    ]
  }

  /// To microseconds.
  private static func rounded(_ seconds: Double) -> Double { (seconds * 1e6).rounded() / 1e6 }
}
