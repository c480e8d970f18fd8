import Engine

extension ProfileReport {
  /// All of it as one HTML page, which needs no network and no script.
  package var page: String {
    var body = "<h1>\(escaped(expertLoads.map { "Expert loads of \($0.model)" } ?? "Ceilings"))</h1>\n"
    body += "<p>\(escaped(ceilings.device)), driver \(escaped(ceilings.driver))</p>\n"
    if let expertLoads { body += Self.section(expertLoads, ceilings) }
    if let popularity { body += Self.section(popularity) }
    if let policies { body += Self.section(policies, namedTimelines) }
    body += section(ceilings)
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(escaped(expertLoads?.model ?? ceilings.device)): strata profile</title>
      <style>
      \(PageStyle.css)</style>
      </head>
      <body>
      \(body)</body>
      </html>

      """
  }

  private static func section(_ profile: ExpertLoadProfile, _ ceilings: DeviceCeilings) -> String {
    let head = [
      "batch", "experts met", "MB read", "ms", "GB/s", "of ceiling", "GFLOP/s", "of ceiling", "FLOP/byte", "bound by",
    ]
    let rows = profile.loads.map { load in
      [
        "\(load.batch)", fixed(load.expertsTouched, 1), fixed(load.bytes / 1e6, 1), fixed(load.eventSeconds * 1e3, 3),
        fixed(load.bytesPerSecond / 1e9, 2), fixed(load.shareOfBandwidth * 100, 1) + " %",
        fixed(load.operationsPerSecond / 1e9, 1), fixed(load.shareOfRate * 100, 1) + " %", fixed(load.intensity, 1),
        load.bound.rawValue,
      ]
    }
    return heading(
      "Roofline",
      "The grouped products of one layer's \(profile.experts) experts, of which a row meets \(profile.chosenExperts); each point "
        + "is a batch of so many rows. Choices: \(profile.choices).")
      + RooflineChart.draw(profile, ceilings: ceilings).text + table(head, rows)
  }

  private static func section(_ popularity: ExpertPopularity) -> String {
    let ginis = popularity.gini.compactMap(\.self)
    let mean = ginis.reduce(0, +) / Double(max(ginis.count, 1))
    return heading(
      "Experts' popularity",
      "A row a layer, a column an expert: how often the router chose it for \(popularity.source); the strongest colour is the layer's most used. Gini "
        + "coefficient: \(fixed(mean, 2)) in the mean, \(fixed(ginis.min() ?? 0, 2)) to \(fixed(ginis.max() ?? 0, 2)).")
      + HeatMapChart.draw(popularity).text
      + heading("Coverage", "The share of a layer's experts that some tokens meet together, in the mean over layers.")
      + CoverageChart.draw(popularity).text
  }

  private static func section(
    _ runs: [PolicyRun], _ timelines: [(name: String, timeline: DeviceTimeline)]
  ) -> String {
    let head = [
      "policy", "iterations", "ms", "ms in kernels", "of experts", "expert GB read", "KB read a token", "µs a token",
    ]
    let rows = runs.map { run in
      [
        run.policy, "\(run.iterations)", fixed(run.seconds * 1e3, 1), fixed(run.kernelSeconds * 1e3, 1),
        fixed(run.expertSeconds * 1e3, 1), fixed(run.expertBytes / 1e9, 3), fixed(run.expertBytesPerToken / 1e3, 1),
        fixed(run.secondsPerToken * 1e6, 1),
      ]
    }
    return heading(
      "Policies", "One prompt of \(runs.first?.promptTokens ?? 0) tokens alone, to its first token; medians of rounds.")
      + table(head, rows)
      + heading(
        "Timeline", "Kernels of the last round, in the colour of the layer group that the prompt passes; copies below.")
      + TimelineChart.draw(timelines).text
  }

  private func section(_ ceilings: DeviceCeilings) -> String {
    let rows = ceilings.ceilings.map { ceiling in
      let (median, best, unit) = ceiling.texts
      return [ceiling.name.title, median, best, unit, ceiling.method]
    }
    return Self.heading("Ceilings", "What the device does at most, each measured by a kernel written for it.")
      + Self.table(["", "median", "best", "", "how"], rows, left: [0, 3, 4])
  }

  private static func heading(_ title: String, _ text: String) -> String {
    "<h2>\(escaped(title))</h2>\n<p>\(escaped(text))</p>\n"
  }

  private static func table(_ head: [String], _ rows: [[String]], left: Set<Int> = []) -> String {
    func row(_ cells: [String], _ tag: String) -> String {
      let fields = cells.enumerated().map { index, text in
        "<\(tag)\(left.contains(index) ? " class=\"left\"" : "")>\(escaped(text))</\(tag)>"
      }
      return "<tr>\(fields.joined())</tr>\n"
    }
    return "<div class=\"table\"><table>\n\(row(head, "th"))\(rows.map { row($0, "td") }.joined())</table></div>\n"
  }
}
