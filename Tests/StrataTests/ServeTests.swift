import Foundation
import TestSupport
import Testing

/// `strata serve` as a process, and `strata bench serve --url` against it.
struct ServeTests {
  private let model = Fixtures.path("tiny-moe")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Starts a server, runs `commands` of sh with its URL in $url and its process in $pid, and ends it.
  private func serve(_ commands: String, _ options: [String] = []) async throws -> Outcome {
    let shell = """
      log=\(folder.path)/log
      "$0" serve "$@" 2>"$log" & pid=$!
      trap 'kill -9 $pid 2>/dev/null' EXIT
      url=""
      while [ -z "$url" ]; do
        kill -0 $pid || { cat "$log" >&2; exit 3; }
        sleep 0.1
        url=$(sed -n 's/.* url=\\([^ ]*\\).*/\\1/p' "$log")
      done
      \(commands)
      """
    return try await Strata.run(
      ["--model", model, "--device", "reference", "--port", "0", "--max-model-len", "256"] + options, shell: shell)
  }

  private struct Report: Decodable {
    var completed: Int
    var totalInputTokens: Int
    var totalOutputTokens: Int
    var requestRate: Double?
  }

  @Test(arguments: [["--request-rate", "100"], ["--concurrency", "2"]])
  func `A server is measured from outside, by rate or by requests at once`(load: [String]) async throws {
    let save = "\(folder.path)/report.json"
    let arguments = load.joined(separator: " ")
    let outcome = try await serve(
      """
      "$0" bench serve --url "$url" --prompt-tokens 7 --output-tokens 3 --num-requests 5 \(arguments) \
        --json --save \(save)
      """)
    #expect(outcome.status == 0, "\(outcome)")
    for data in [outcome.data, try Data(contentsOf: URL(fileURLWithPath: save))] {
      let report = try #require(try JSONDecoder().decode([Report].self, from: data).first)
      #expect(report.completed == 5)
      #expect(report.totalInputTokens == 35)
      #expect((5...15).contains(report.totalOutputTokens))
      #expect((report.requestRate == nil) == load.contains("--concurrency"))
    }
  }

  @Test
  func `SIGTERM lets what runs come to its end, and refuses the new`() async throws {
    let outcome = try await serve(
      """
      for seed in 1 2 3 4; do
        "$0" bench serve --url "$url" --prompt-tokens 20 --output-tokens 100 --num-requests 1 --concurrency 1 \
          --warm-up 0 --json > \(folder.path)/out$seed 2>&1 & eval "client$seed=\\$!"
      done
      # A stream is in the log once its first token has come.
      while [ "$(grep -c path=/v1/completions "$log")" -lt 4 ]; do sleep 0.05; done
      kill -TERM $pid
      for seed in 1 2 3 4; do eval "wait \\$client$seed"; echo "client $?"; done
      wait $pid; echo "server $?"
      """)
    #expect(outcome.output == String(repeating: "client 0\n", count: 4) + "server 0\n", "\(outcome)")
  }

  @Test
  func `After kill -9 the next start works at once`() async throws {
    for signal in ["KILL", "TERM"] {
      let outcome = try await serve(
        """
        "$0" bench serve --url "$url" --prompt-tokens 4 --output-tokens 200 --num-requests 1 --concurrency 1 \
          --warm-up 0 > /dev/null 2>&1 & client=$!
        sleep 0.3
        kill -\(signal) $pid; wait $client; echo done
        """)
      #expect(outcome.output == "done\n", "\(outcome)")
    }
  }

  @Test(arguments: [
    (["--host", "0.0.0.0"], "api-key"), (["--max-model-len", "100000"], "max-model-len"),
    (["--port", "70000"], "port"),
    (["--request-timeout", "0"], "request-timeout"), (["--api-key", ""], "api-key"),
    (["--tls-certificate", "/none", "--tls-key", "/none"], "/none"), (["--chat-template", "/none"], "/none"),
    (["--metrics-prefix", "9"], "metrics-prefix"), (["--kernel-niceness", "20"], "kernel-niceness"),
  ])
  func `What cannot be served is refused by name`(options: [String], part: String) async throws {
    let outcome = try await Strata.run(["serve", "--model", model, "--device", "reference"] + options)
    outcome.expectFailure(part)
  }

  @Test(.needsOpenCL)
  func `Kernels' threads give way to the others`() async throws {
    // The niceness of each thread; the second field may have blanks.
    let outcome = try await serve(
      "for thread in /proc/$pid/task/*/stat; do sed 's/.*) //' $thread | cut -d' ' -f17; done",
      ["--kernel-niceness", "7"])
    let niceness = outcome.output.split(separator: "\n").map(String.init)
    #expect(niceness.contains("7"), "\(outcome)")
    #expect(niceness.contains("0"), "\(outcome)")
  }

  @Test
  func `A server that is not there is named`() async throws {
    let outcome = try await Strata.run(
      "bench", "serve", "--url", "http://127.0.0.1:9", "--prompt-tokens", "1", "--output-tokens", "1", "--num-requests",
      "1", "--concurrency", "1", "--warm-up", "0")
    outcome.expectFailure("http://127.0.0.1:9")
  }
}
