/// The page's style sheet: one column that fits a phone, light or dark as the reader's system is.
enum PageStyle {
  static let css = """
    :root {
      color-scheme: light dark;
      --paper: #ffffff; --ink: #1c2330; --faint: #5b6575; --line: #dde1e8; --panel: #f6f7f9;
      --memory: #1f6fb5; --compute: #c2571a; --heat: #1f6fb5;
    }
    @media (prefers-color-scheme: dark) {
      :root {
        --paper: #14171c; --ink: #e6e9ef; --faint: #9aa4b2; --line: #2d333d; --panel: #1b1f26;
        --memory: #64b0f2; --compute: #f09a5a; --heat: #64b0f2;
      }
    }
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; padding: 1rem; max-width: 60rem; background: var(--paper); color: var(--ink);
      font: 16px/1.5 system-ui, sans-serif;
    }
    h1 { font-size: 1.4rem; line-height: 1.25; margin: .5rem 0; }
    h2 { font-size: 1.1rem; margin: 2rem 0 .25rem; }
    p { margin: .25rem 0 .75rem; color: var(--faint); }
    svg { display: block; width: 100%; max-width: 36rem; height: auto; margin: .5rem 0; }
    .table { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; background: var(--panel); }
    table { border-collapse: collapse; width: 100%; font-size: .85rem; font-variant-numeric: tabular-nums; }
    th, td { padding: .3rem .6rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }
    tr:last-child td { border-bottom: 0; }
    th { font-weight: 600; color: var(--faint); }
    th:first-child, td:first-child, .left { text-align: left; }
    td:first-child { white-space: normal; min-width: 5rem; }
    .label, .strong { font: 12.5px system-ui, sans-serif; fill: var(--faint); }
    .strong { fill: var(--ink); font-weight: 600; }
    .grid { stroke: var(--line); stroke-width: 1; fill: none; }
    .roof { stroke: var(--ink); stroke-width: 2; fill: none; }
    .dashed { stroke: var(--faint); stroke-width: 1.5; stroke-dasharray: 5 4; fill: none; }
    .memory { fill: var(--memory); }
    .compute { fill: var(--compute); }
    .memory-line, .compute-line { fill: none; stroke-width: 2; }
    .memory-line { stroke: var(--memory); }
    .compute-line { stroke: var(--compute); }
    .copy { fill: var(--ink); }
    .group-none { fill: var(--faint); }

    """ + heats + groups

  /// Darker where experts are more popular.
  private static var heats: String {
    (0...HeatMapChart.shades).map { shade in
      let opacity = shade == 0 ? "0.05" : shade == 8 ? "1" : "0.\(1 + shade)"
      return ".heat\(shade) { fill: var(--heat); fill-opacity: \(opacity); }\n"
    }.joined()
  }

  /// Colours that are told apart on light and dark paper, also by those who see fewer (Okabe and Ito 2008, and greys).
  private static var groups: String {
    let colours = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a7fd0", "#a3a300"]
    return colours.enumerated().map { ".group\($0) { fill: \($1); }\n" }.joined()
  }
}
