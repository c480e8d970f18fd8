import Foundation
import TestSupport
import Testing

/// Standard output that closes early, or cannot be written at all: no command crashes, or says that all is well.
struct OutputTests {
  private let model = Fixtures.path("tiny-moe")

  private func run(maxTokens: Int) -> [String] {
    ["run", "--model", model, "--prompt", Greedy.prompt, "--max-tokens", "\(maxTokens)", "--device", "reference"]
  }

  private var commands: [[String]] {
    [run(maxTokens: 2), run(maxTokens: 2) + ["--json"], ["devices"], ["devices", "--json"], ["inspect", model]]
  }

  /// As `yes | head -c 5`: the signal ends the process, without a word. Whoever runs the tests may have it ignored, and children
  /// inherit that.
  @Test func aClosedPipeEndsARunInSilence() async throws {
    let outcome = try await Strata.run(
      run(maxTokens: 2000), shell: #"exec env --default-signal=PIPE "$0" "$@""#, output: .head(5))
    #expect(outcome.signal == SIGPIPE, "\(outcome)")
    #expect(outcome.output == (try Greedy.continuation().text.prefix(5)))
    #expect(outcome.messages.isEmpty)
  }

  /// As `(trap '' PIPE; yes | head -c 5)`: an error like any other.
  @Test func whereTheSignalIsIgnoredAClosedPipeIsAnError() async throws {
    let outcome = try await Strata.run(run(maxTokens: 2000), shell: #"trap '' PIPE; exec "$0" "$@""#, output: .head(5))
    #expect(outcome.status == 1, "\(outcome)")
    #expect(outcome.messages == "strata: error: standard output cannot be written: Broken pipe\n")
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"))
  func aFullDiskIsAnError() async throws {
    for command in commands {
      let outcome = try await Strata.run(command, shell: #"exec "$0" "$@" > /dev/full"#)
      outcome.expectFailure("standard output cannot be written: No space left on device")
    }
  }

  @Test func aClosedStdoutIsAnError() async throws {
    for command in commands {
      let outcome = try await Strata.run(command, shell: #"exec "$0" "$@" >&-"#)
      outcome.expectFailure("standard output cannot be written: ")
    }
  }

  /// Then there is nobody to tell, and the text is what it is.
  @Test func aClosedStderrDoesNotMatter() async throws {
    let expected = try Greedy.continuation().text
    let outcome = try await Strata.run(run(maxTokens: 48), shell: #"exec "$0" "$@" 2>&-"#).expectSuccess()
    #expect(outcome.output == expected + "\n")
    let failed = try await Strata.run("inspect", "/absent", shell: #"exec "$0" "$@" 2>&-"#)
    #expect(failed.status == 1 && failed.data.isEmpty, "\(failed)")
  }
}
