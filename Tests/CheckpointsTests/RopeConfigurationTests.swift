import Checkpoints
import TestSupport
import Testing

struct RopeConfigurationTests {
  @Test(arguments: [
    (#"{"rope_theta": 10000}"#, 10_000.0),
    (#"{"rope_theta": 1000000.0, "rope_scaling": null}"#, 1_000_000),
    (#"{"rope_theta": 1e4, "rope_scaling": {"type": "default"}, "partial_rotary_factor": 1}"#, 10_000),
    (#"{"rope_theta": 5e5, "rope_scaling": {"rope_type": "default", "type": "default"}}"#, 500_000),
    (#"{"rope_parameters": {"rope_theta": 1000000.0, "rope_type": "default"}}"#, 1_000_000),
    (#"{"rope_parameters": {"rope_theta": 10000.0}, "rope_theta": 10000}"#, 10_000),
    (#"{"rope_parameters": {"rope_theta": 3.5, "partial_rotary_factor": 1.0}}"#, 3.5),
  ])
  func readsOlderAndNewerNames(configuration: String, theta: Double) throws {
    #expect(try RopeConfiguration(try json(configuration)).theta == theta)
  }

  @Test(arguments: ["qwen3_moe", "tiny-moe"])
  func readsRealFolders(name: String) throws {
    let theta = try RopeConfiguration(Checkpoint(folder: Fixtures.path(name)).configuration).theta
    #expect(theta == (name == "tiny-moe" ? 10_000 : 1_000_000))
  }

  @Test(arguments: [
    (#"{}"#, "field rope_theta: it is missing"),
    (#"{"rope_parameters": {"rope_type": "default"}}"#, "field rope_theta: it is missing"),
    (#"{"rope_theta": "x"}"#, "field rope_theta: found \"x\""),
    (#"{"rope_theta": 0}"#, "field rope_theta: found 0"),
    (#"{"rope_theta": -1.5}"#, "field rope_theta: found -1.5"),
    (#"{"rope_theta": NaN}"#, "field rope_theta: found nan"),
    (#"{"rope_theta": 1, "rope_scaling": "yarn"}"#, "field rope_scaling: found \"yarn\""),
    (#"{"rope_theta": 1, "rope_scaling": {"type": "linear"}}"#, "field rope_scaling.factor: it is missing"),
    (#"{"rope_theta": 1, "rope_scaling": {"type": "linear", "factor": 0.5}}"#, "field rope_scaling.factor: found 0.5"),
    (
      #"{"rope_theta": 1, "rope_scaling": {"rope_type": "yarn"}}"#,
      "field rope_scaling.original_max_position_embeddings: it is missing"
    ),
    (
      #"{"rope_theta": 1, "rope_scaling": {"rope_type": "longrope"}}"#,
      "field rope_scaling.rope_type: found \"longrope\""
    ),
    (#"{"rope_theta": 1, "rope_scaling": {"rope_type": "dynamic"}}"#, "field rope_scaling.factor: it is missing"),
    (
      #"{"rope_theta": 1, "rope_scaling": {"rope_type": "linear", "type": "yarn", "factor": 2}}"#,
      "field rope_scaling.type: found \"yarn\""
    ),
    (#"{"rope_theta": 1, "rope_scaling": {"rope_type": "default", "type": "mrope"}}"#, "field rope_scaling.type"),
    (#"{"rope_theta": 1, "rope_scaling": {"type": 3}}"#, "field rope_scaling.type: found 3"),
    (#"{"rope_theta": 1, "rope_scaling": {"factor": 2}}"#, "field rope_scaling.rope_type: it is missing"),
    (
      #"{"rope_parameters": {"rope_theta": 1, "rope_type": "llama3"}}"#,
      "field rope_parameters.factor: it is missing"
    ),
    (
      #"{"rope_parameters": {"rope_theta": 1, "partial_rotary_factor": 0.5}}"#,
      "field rope_parameters.partial_rotary_factor: found 0.5"
    ),
    (#"{"rope_theta": 1, "partial_rotary_factor": 0.25}"#, "field partial_rotary_factor: found 0.25"),
    (#"{"rope_theta": 1, "rope_parameters": {"rope_theta": 2}}"#, "field rope_theta: found 1, expected 2.0"),
  ])
  func refusesWhatIsNotSupported(configuration: String, part: String) {
    expectError("test.json: \(part)", "expected") { _ = try RopeConfiguration(try json(configuration)) }
  }
}
