import Foundation
import TestSupport
import Testing

/// Options and prompts of `strata run` that are understood but cannot be had: status 1 and one line.
struct BadOptionTests {
  private let model = Fixtures.path("tiny-moe")
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func run(_ arguments: [String]) async throws -> Outcome {
    try await Strata.run(["run", "--model", model, "--device", "reference"] + arguments)
  }

  @Test(arguments: [
    (["--max-tokens", "0"], "max-tokens is 0, expected 1 or more"),
    (["--max-tokens", "-5"], "max-tokens is -5, expected 1 or more"),
    (["--max-tokens", "2049"], "prompt 1: with max-tokens 2049"),
    (["--max-tokens", "\(Int.max)"], "prompt 1: with max-tokens \(Int.max)"),
    (["--layer-groups", "0"], "layer-groups is 0, expected 1 to 8"),
    (["--layer-groups", "-1"], "layer-groups is -1, expected 1 to 8"),
    (["--layer-groups", "9"], "layer-groups is 9, expected 1 to 8"),
    (["--layer-groups", "2", "--policy", "continuous"], "layer-groups is 2, but policy continuous"),
    (["--temperature", "-1"], "temperature is -1.0, expected 0 or more"),
    (["--temperature", "nan"], "temperature is nan"),
    (["--temperature", "inf"], "temperature is inf"),
    (["--top-k", "-3"], "top-k is -3, expected 0 (all) or more"),
    (["--top-p", "0"], "top-p is 0.0, expected above 0 and at most 1"),
    (["--top-p", "1.5"], "top-p is 1.5, expected above 0 and at most 1"),
    (["--top-p", "-0.5"], "top-p is -0.5, expected above 0 and at most 1"),
    (["--top-p", "nan"], "top-p is nan, expected above 0 and at most 1"),
  ])
  func valuesOutOfRangeAreRefused(options: [String], problem: String) async throws {
    try await run(["--prompt", "<|endoftext|>"] + options).expectFailure(problem)
  }

  @Test func anEmptyPromptIsRefused() async throws {
    try await run(["--prompt", ""]).expectFailure("prompt 1: the text is empty")
    try await run(["--prompt", "a", "--prompt", ""]).expectFailure("prompt 2: the text is empty")
    let file = try folder.write("empty.txt", "")
    try await run(["--prompt", "a", "--prompt-file", file]).expectFailure("\(file): the text is empty")
  }

  @Test func aPromptLongerThanTheContextIsRefused() async throws {
    // Far more than 2,048 tokens: a token has at most a few letters of Shakespeare.
    let file = Fixtures.path("tiny-moe/heldout.txt")
    try await run(["--prompt-file", file]).expectFailure(" tokens, but the context holds 2048", "\(file): ")
    let word = String(repeating: "a ", count: 3000)
    try await run(["--prompt", "b", "--prompt", word]).expectFailure("prompt 2: ", "the context holds 2048")
  }

  @Test func aMissingPromptFileIsNamed() async throws {
    let absent = "\(folder.path)/absent.txt"
    try await run(["--prompt-file", absent]).expectFailure("\(absent): cannot be read: No such file or directory")
    try await run(["--prompt-file", folder.path]).expectFailure("\(folder.path): cannot be read: Is a directory")
    // A name with an end of line does not make two lines.
    try await run(["--prompt-file", "/a\nb"]).expectFailure("/a\\nb: cannot be read")
  }

  /// Bytes that never occur in UTF-8, a character cut short, and a surrogate.
  @Test(arguments: [
    ([0x61, 0xFF, 0x62], 1), ([0xC3, 0xA9, 0xC0, 0xAF], 2), ([0x61, 0x62, 0xE2, 0x82], 2), ([0xED, 0xA0, 0x80], 0),
  ])
  func aPromptFileMustBeUTF8(bytes: [UInt8], position: Int) async throws {
    let file = try folder.write("prompt.txt", bytes)
    try await run(["--prompt-file", file]).expectFailure("\(file): byte \(position) is not UTF-8")
  }

  @Test func utf8IsTakenAsItIs() async throws {
    let text = "Et sagði, 王曰: 👑\r\n"
    let file = try folder.write("prompt.txt", text)
    let outcome = try await run(["--prompt-file", file, "--prompt", text, "--max-tokens", "8", "--json"])
    let requests = try outcome.expectSuccess().json(RunJSON.self).requests
    #expect(requests.map(\.prompt) == [text, text])
    #expect(requests[0].tokens == requests[1].tokens)
  }

  @Test func theModelMustBeAFolder() async throws {
    let absent = "\(folder.path)/absent"
    let file = try folder.write("file", "")
    for (path, problem) in [
      (absent, "\(absent): no such folder"), (file, "\(file): found a file, expected a model's folder"),
      ("", "\"\": no such folder"), (folder.path, "\(folder.path): config.json is missing"),
    ] {
      try await Strata.run("run", "--model", path, "--prompt", "a", "--device", "reference").expectFailure(problem)
      try await Strata.run("inspect", path).expectFailure(problem)
      let output = "\(folder.path)/out"
      try await Strata.run("logits", "--model", path, "--tokens", "1", "--output", output).expectFailure(problem)
    }
  }
}
