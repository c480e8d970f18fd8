import JSON
import TestSupport
import Testing

@testable import Templates

/// Templates that would run without end, or fill the memory, end with an error that says why.
struct LimitTests {
  private func failure(of template: String) -> TemplateError? {
    do throws(TemplateError) {
      _ = try JinjaTemplate(template, source: "t").render(JSONMembers())
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    ("{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}", "too many steps"),
    ("{{ range(100001) | list }}", "range of more than 100000"),
    ("{{ range(-9223372036854775807, 9223372036854775807) | list }}", "range of more than 100000"),
    ("{{ 'a' * 1000000000000 }}", "more than 64 MiB"),
    ("{{ [1] * 1000000000000 }}", "more than 2000000 values"),
    (
      "{% set ns = namespace(s='ab') %}{% for i in range(99) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
      "too many steps"
    ),
    ("{% set ns = namespace(x=[]) %}{% for i in range(999) %}{% set ns.x = [ns.x] %}{% endfor %}", "200 deep"),
    (
      "{% set ns = namespace(x=[]) %}{% for i in range(99) %}{% set ns.x = [ns.x, ns.x] %}{% endfor %}",
      "2000000 values"
    ),
    ("{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}", "too large to be printed"),
    ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "nested more than 600 deep"),
    ("{{ '{:1000000000}'.format(1) }}", "wider than 100000"),
    ("{{ '%1000000000d' % 1 }}", "wider than 100000"),
    ("{{ 'x'.center(1000000000) }}", "64 MiB"),
    ("{{ 'x' | indent(1000000000) }}", "64 MiB"),
    ("{{ 'aaaaaaaaaa' | replace('', 'b' * 9000000) }}", "64 MiB"),
    ("{{ [1] | tojson(indent=1000000000) }}", "indent of at most"),
    ("{{ 9223372036854775807 + 1 }}", "64 bits"),
    ("{{ -9223372036854775807 - 2 }}", "64 bits"),
    ("{{ 2 ** 64 }}", "64 bits"),
    ("{{ (-9223372036854775807 - 1) // -1 }}", "64 bits"),
    ("{{ 99999999999999999999 }}", "number out of range"),
  ])
  func endsWithAnError(template: String, says: String) throws {
    let error = try #require(failure(of: template))
    #expect(error.description.contains(says), "\(error)")
  }

  /// `before`, many times `piece`, `after`.
  @Test(arguments: [
    ("{{ ", "(", "1" + String(repeating: ")", count: 50_000) + "}}"),
    ("{{ ", "[", String(repeating: "]", count: 50_000) + "}}"),
    ("{{ ", "-", "1 }}"), ("{{ ", "not ", "1 }}"), ("{{ a", "+ a", "}}"), ("{{ a", ".a", "}}"),
    ("{{ a", "|upper", "}}"),
    ("{{ a", " if a", "}}"), ("{{ a", " if a else a", "}}"), ("{{ a", "(1)", "}}"), ("{{ a", " and a", "}}"),
    ("{{ a", "|upper is upper", "}}"), ("", "{% if a %}", ""), ("", "{% for a in b %}", ""),
    ("", "{% macro a() %}", ""),
    ("{% set ", "(", "a" + String(repeating: ")", count: 50_000) + "= 1 %}"),
  ])
  func deepNestingIsRefused(before: String, piece: String, after: String) throws {
    let error = try #require(failure(of: before + String(repeating: piece, count: 50_000) + after))
    #expect(error.problem.contains("nested more than 150 deep"), "\(piece): \(error)")
  }

  @Test func aRangeMayBeginAndEndAnywhere() {
    let template = """
      {{ range(-9223372036854775807, 9223372036854775807, 4611686018427387904) | list }}{{ range(5, -9223372036854775807) }}
      """
    #expect(failure(of: template) == nil)
  }

  @Test func aChainOfNamespacesIsFreed() {
    let chain = """
      {% set ns = namespace(x=none) %}
      {%- for a in range(500) %}{% for b in range(200) %}{% set ns.x = namespace(x=ns.x) %}{% endfor %}{% endfor -%} ok
      """
    #expect(failure(of: chain) == nil)
  }

  @Test func searchesTakeLinearTime() {
    // Naive search would compare 10^11 bytes.
    #expect(
      failure(of: "{{ ('a' * 1000000).find('a' * 100000 ~ 'b') }}{{ ('a' * 1000000).rfind('b' ~ 'a' * 100000) }}")
        == nil)
  }

  @Test func errorsNameTheLine() throws {
    #expect(
      failure(of: "a\n{{ 1 }}\n{{ nothing.at_all }}")?.description
        == "t: line 3: nothing is undefined, and has no attribute \"at_all\"")
    #expect(failure(of: "a\n\n{% foo %}")?.description == "t: line 3: unknown tag {% foo %}")
    #expect(failure(of: "{% if a %}")?.description.contains("expected {% elif or else or endif %}") == true)
    let raised = try #require(failure(of: "{{ raise_exception('roles must alternate') }}"))
    #expect(raised.isRaised)
    #expect(raised.problem == "roles must alternate")
  }
}
