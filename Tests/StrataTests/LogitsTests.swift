import Backend
import Checkpoints
import Foundation
import TestSupport
import Testing

/// `strata logits` against Hugging Face's results, and what it refuses.
struct LogitsTests {
  private let model = Fixtures.path("qwen3_moe")
  private let layers = 4
  private let vocabulary = 512
  private let hidden = 128
  private let folder: TemporaryFolder
  private let reference: SafetensorsFile

  init() throws {
    folder = try TemporaryFolder()
    reference = try SafetensorsFile(path: Fixtures.path("qwen3_moe/reference.safetensors"))
  }

  private var output: String { "\(folder.path)/out.safetensors" }

  private func expected(_ name: String) throws -> HostTensor {
    try #require(reference.tensors.first { $0.name == name }, "the fixture has no \(name)")
  }

  private func ids(_ length: Int) throws -> [String] { try expected("t\(length).input_ids").int32s().map(String.init) }

  /// What a successful run with `arguments` writes, by name; as in Hugging Face's, no activations are rounded.
  private func logits(_ arguments: [String]) async throws -> [String: HostTensor] {
    let outcome = try await Strata.run(
      ["logits", "--model", model, "--output", output, "--activations", "f32"] + arguments)
    outcome.expectSuccess()
    #expect(outcome.data.isEmpty, "\(outcome)")
    #expect(outcome.messages.isEmpty, "\(outcome)")
    let tensors = try SafetensorsFile(path: output).tensors
    return Dictionary(uniqueKeysWithValues: tensors.map { ($0.name, $0) })
  }

  @Test(arguments: Strata.targets, [7, 33])
  func statesAreHuggingFaces(device: String, length: Int) async throws {
    let found = try await logits([
      "--tokens", ids(length).joined(separator: ","), "--all", "--hidden", "--device", device,
    ])
    let states = (0...layers).map { "hidden.\($0)" }
    let routers = (0..<layers).map { "router.\($0)" }
    #expect(Set(found.keys) == Set(["logits"] + states + routers))
    for name in ["logits"] + states {
      let tensor = try #require(found[name])
      #expect(tensor.format == .f32 && tensor.shape == [length, name == "logits" ? vocabulary : hidden], "\(name)")
      #expect(relativeError(tensor.floats(), try expected("t\(length).\(name)").floats()) <= 1e-4, "\(name)")
    }
    for name in routers {
      let tensor = try #require(found[name])
      #expect(tensor.format == .i32 && tensor.shape == [length, 2], "\(name)")
      #expect(try tensor.int32s() == expected("t\(length).\(name).2").int32s(), "\(name)")
    }
  }

  @Test(arguments: Strata.targets, [1, 7, 33, 130])
  func withoutAFlagThereAreTheLastLogitsAlone(device: String, length: Int) async throws {
    let file = try folder.write("tokens.txt", ids(length).joined(separator: " \n"))
    let found = try await logits(["--tokens-file", file, "--device", device])
    #expect(Array(found.keys) == ["logits"])
    let tensor = try #require(found["logits"])
    #expect(tensor.format == .f32 && tensor.shape == [1, vocabulary])
    #expect(relativeError(tensor.floats(), try expected("t\(length).logits_last").floats()) <= 1e-4)
  }

  @Test(arguments: Strata.targets)
  func theScheduleDoesNotChangeABit(device: String) async throws {
    let arguments = ["--tokens", try ids(33).joined(separator: ","), "--all", "--hidden", "--device", device]
    let first = try await logits(arguments)
    for schedule in [
      ["--policy", "continuous"], ["--layer-groups", "2"], ["--policy", "layered", "--layer-groups", "4"],
    ] {
      let found = try await logits(arguments + schedule)
      #expect(found.count == first.count)
      for (name, tensor) in found { #expect(Array(tensor.bytes) == first[name].map { Array($0.bytes) }, "\(name)") }
    }
  }

  /// Both ways to name the tokens of a text whose tokens the fixture gives.
  @Test func aTextBecomesItsTokens() async throws {
    let (tokens, text) = try Greedy.continuation()
    let model = Fixtures.path("tiny-moe")
    for prompt in [["--text", text], ["--tokens", tokens.map(String.init).joined(separator: ",")]] {
      let path = "\(folder.path)/\(prompt[0]).safetensors"
      try await Strata.run(["logits", "--model", model, "--output", path, "--device", "reference"] + prompt)
        .expectSuccess()
    }
    let byText = try SafetensorsFile(path: "\(folder.path)/--text.safetensors").tensors[0]
    let byTokens = try SafetensorsFile(path: "\(folder.path)/--tokens.safetensors").tensors[0]
    #expect(byText.shape == [1, 2048])
    #expect(Array(byText.bytes) == Array(byTokens.bytes))
  }

  // MARK: Bad input

  @Test(arguments: [
    (["--tokens", "1,x"], ["--tokens", "entry 2", "\"x\""]),
    (["--tokens", "1,99999999999"], ["--tokens", "entry 2", "\"99999999999\""]),
    (["--tokens", ""], ["--tokens", "no token"]),
    (["--tokens", " , ,"], ["--tokens", "no token"]),
    (["--tokens", "3,512,4"], ["--tokens", "token 2 is 512", "expected 0 to 511"]),
    (["--tokens", "-1"], ["--tokens", "token 1 is -1", "expected 0 to 511"]),
    (["--tokens", String(repeating: "5,", count: 4097)], ["--tokens", "4097 tokens", "context holds 4096"]),
    (["--text", "word"], ["tokenizer.json", "does not exist"]),
    (["--tokens-file", "/absent/tokens"], ["/absent/tokens", "No such file"]),
    (["--tokens-file", "/"], ["/: cannot be read", "directory"]),
  ])
  func badTokensAreRefused(prompt: [String], parts: [String]) async throws {
    let outcome = try await Strata.run(
      ["logits", "--model", model, "--output", output, "--device", "reference"] + prompt)
    outcome.expectFailure()
    for part in parts { #expect(outcome.errors.contains(part), "\(outcome)") }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
  }

  @Test func aBadTokensFileIsNamed() async throws {
    for (bytes, problem) in [
      (Array("1 2\n3;".utf8), "entry 3 is \"3;\""), (Array("7 512".utf8), "token 2 is 512"), ([], "no token"),
      ([0x31, 0x20, 0xFF], "byte 2 is not UTF-8"),
    ] {
      let file = try folder.write("tokens.txt", bytes)
      let outcome = try await Strata.run(
        "logits", "--model", model, "--tokens-file", file, "--output", output, "--device", "reference")
      outcome.expectFailure("\(file): ", problem)
    }
  }

  @Test func anEmptyTextIsRefused() async throws {
    let outcome = try await Strata.run(
      "logits", "--model", Fixtures.path("tiny-moe"), "--text", "", "--output", output, "--device", "reference")
    outcome.expectFailure("--text", "no token")
  }

  /// Also a pipe, which a file could take the place of.
  @Test func whatCannotBeWrittenIsTold() async throws {
    let fifo = "\(folder.path)/fifo"
    try #require(mkfifo(fifo, 0o600) == 0)
    let absent = "\(folder.path)/absent/out"
    for (path, problem) in [
      (absent, "No such file"), (folder.path, "found a folder, device or pipe"),
      (fifo, "found a folder, device or pipe"), ("", "the path is empty"),
    ] {
      let outcome = try await Strata.run(
        "logits", "--model", model, "--tokens", "1", "--output", path, "--device", "reference")
      outcome.expectFailure("error: \(path.isEmpty ? "\"\"" : path): cannot be written: ", problem)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["fifo"])
    var status = stat()
    #expect(stat(fifo, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
  }

  @Test func anOldFileIsReplacedOrKept() async throws {
    let path = try folder.write("out.safetensors", "old")
    let failed = try await Strata.run(
      "logits", "--model", model, "--tokens", "512", "--output", path, "--device", "reference")
    failed.expectFailure()
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "old")
    #expect(try await logits(["--tokens", "1", "--device", "reference"]).count == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["out.safetensors"])
  }
}

extension HostTensor {
  /// All elements of an i32 tensor; none of any other.
  fileprivate func int32s() -> [Int32] {
    guard format == .i32 else { return [] }
    return (0..<elementCount).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self) }
  }
}
