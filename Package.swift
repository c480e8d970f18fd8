// swift-tools-version: 6.2
import Foundation
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// Tests of debug builds may let calls of OpenCL fail.
let faults: SwiftSetting = .define("FAULTS", .when(configuration: .debug))

/// Numeric loops and parsers that the tests run over whole models: optimised in debug builds too.
let optimised: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

// The modules from the command line down to the device. Imports point only down this list.
let package = Package(
  name: "strata",
  products: [
    .executable(name: "strata", targets: ["strata"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0", traits: []),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .executableTarget(
      name: "strata",
      dependencies: [
        "Server", "Conversion", "Profiling", "Engine", "Simulation", "Scheduling", "Models", "Validation",
        "OpenCLBackend", "Reference", "Backend", "Checkpoints", "Tokenizers", "Templates", "JSON", "OpenCL",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .target(
      name: "Server",
      dependencies: [
        "Engine", "Scheduling", "Models", "Checkpoints", "Grammars", "Tokenizers", "Templates", "JSON",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),
    .target(
      name: "Profiling",
      dependencies: [
        "Engine", "Simulation", "Scheduling", "Models", "OpenCLBackend", "Backend", "Checkpoints", "Tokenizers",
        "OpenCL", "Kernels",
      ],
      swiftSettings: strict),
    .target(
      name: "Engine",
      dependencies: [
        "Scheduling", "Models", "OpenCLBackend", "OpenCL", "Reference", "Backend", "Checkpoints", "Grammars",
        "Tokenizers", "Templates", "JSON",
      ],
      swiftSettings: strict),
    .target(
      name: "Simulation", dependencies: ["Scheduling", "Checkpoints"], resources: [.embedInCode("Profiles")],
      swiftSettings: optimised),
    .target(name: "Scheduling", swiftSettings: optimised),
    .target(name: "Models", dependencies: ["Backend", "Checkpoints"], swiftSettings: strict),
    .target(name: "Validation", dependencies: ["Backend", "Reference"], swiftSettings: optimised),
    .target(
      name: "OpenCLBackend", dependencies: ["Backend", "OpenCL", "Kernels"], resources: [.embedInCode("Tuned")],
      swiftSettings: optimised + [faults]),
    .target(name: "Reference", dependencies: ["Backend"], swiftSettings: optimised),
    .target(name: "Backend", swiftSettings: optimised),
    .target(name: "Conversion", dependencies: ["Models", "Checkpoints", "Backend", "JSON"], swiftSettings: optimised),
    .target(name: "Checkpoints", dependencies: ["Backend", "JSON"], swiftSettings: optimised),
    .target(name: "Grammars", dependencies: ["Tokenizers", "JSON"], swiftSettings: optimised),
    .target(name: "Tokenizers", dependencies: ["JSON"], swiftSettings: optimised),
    .target(name: "Templates", dependencies: ["JSON"], swiftSettings: optimised),
    .target(name: "JSON", swiftSettings: optimised),
    .target(name: "OpenCL", dependencies: ["COpenCL"], swiftSettings: strict + [faults]),
    .systemLibrary(
      name: "COpenCL", pkgConfig: "OpenCL", providers: [.apt(["ocl-icd-opencl-dev", "opencl-headers"])]),

    // The .cl files, put into the binary by a build-tool plugin.
    .target(name: "Kernels", path: "Kernels", swiftSettings: strict, plugins: ["EmbedKernels"]),
    .plugin(
      name: "EmbedKernels", capability: .buildTool(), dependencies: ["KernelEmbedder"], path: "Sources/EmbedKernels"),
    .executableTarget(name: "KernelEmbedder", swiftSettings: strict),

    // Tests/XTests mirrors Sources/X.
    .target(
      name: "TestSupport", dependencies: ["Scheduling", "Checkpoints", "JSON", "Backend"], path: "Tests/TestSupport",
      swiftSettings: strict),
    .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "TemplatesTests", dependencies: ["Templates", "JSON", "TestSupport"], swiftSettings: strict),
    .testTarget(name: "TokenizersTests", dependencies: ["Tokenizers", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "BackendTests", dependencies: ["Backend", "Checkpoints", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "CheckpointsTests", dependencies: ["Checkpoints", "JSON", "Backend", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "ConversionTests", dependencies: ["Conversion", "Checkpoints", "Backend", "JSON", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "GrammarsTests", dependencies: ["Grammars", "Tokenizers", "JSON", "TestSupport"], swiftSettings: optimised),
    .testTarget(name: "OpenCLTests", dependencies: ["OpenCL", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "OpenCLBackendTests",
      dependencies: ["OpenCLBackend", "Validation", "Reference", "Backend", "Kernels", "OpenCL", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "ValidationTests",
      dependencies: ["Validation", "OpenCLBackend", "Backend", "Kernels", "OpenCL", "TestSupport"],
      swiftSettings: strict + [faults]),
    .testTarget(
      name: "ReferenceTests", dependencies: ["Reference", "Backend", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "SimulationTests", dependencies: ["Simulation", "Scheduling", "Checkpoints", "TestSupport"],
      swiftSettings: strict),
    .testTarget(name: "SchedulingTests", dependencies: ["Scheduling", "TestSupport"], swiftSettings: strict),
    .testTarget(
      name: "ModelsTests",
      dependencies: ["Conversion", "Models", "Reference", "Backend", "Checkpoints", "JSON", "TestSupport"],
      swiftSettings: strict),
    .testTarget(
      name: "EngineTests",
      dependencies: [
        "Conversion", "Engine", "Scheduling", "Models", "OpenCLBackend", "OpenCL", "Reference", "Backend",
        "Checkpoints",
        "Tokenizers", "Templates", "JSON", "Kernels", "TestSupport",
      ],
      swiftSettings: strict + [faults]),
    .testTarget(
      name: "ProfilingTests",
      dependencies: [
        "Profiling", "Simulation", "Scheduling", "OpenCLBackend", "OpenCL", "Kernels", "Backend", "Checkpoints", "JSON",
        "TestSupport",
      ],
      swiftSettings: strict),
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "Server", "Engine", "Scheduling", "Models", "OpenCL", "OpenCLBackend", "Grammars", "Tokenizers", "Templates",
        "Checkpoints", "JSON", "TestSupport",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdTesting", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
      ],
      swiftSettings: strict),
    .testTarget(
      name: "StrataTests",
      dependencies: ["strata", "OpenCLBackend", "OpenCL", "Backend", "Checkpoints", "TestSupport"],
      swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

// Benchmarks of the host side: `STRATA_BENCHMARKS=1 swift package benchmark`. Whoever only builds strata fetches none of what
// they need; without traits they need no allocator of their own.
if ProcessInfo.processInfo.environment["STRATA_BENCHMARKS"] != nil {
  package.dependencies.append(.package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []))
  package.targets.append(
    .executableTarget(
      name: "HostBenchmarks",
      dependencies: [
        "Scheduling", "Engine", "Checkpoints", "Tokenizers", .product(name: "Benchmark", package: "benchmark"),
      ],
      path: "Benchmarks/HostBenchmarks", swiftSettings: strict,
      plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]))
}

// `STRATA_TESTS=A,B` has those test targets and what they need, and nothing else, for builds under sanitizers; none of them may
// need packages of others.
if let tests = ProcessInfo.processInfo.environment["STRATA_TESTS"] {
  var needed: Set<String> = []
  func need(_ name: String) {
    guard needed.insert(name).inserted, let target = package.targets.first(where: { $0.name == name }) else { return }
    for case .byNameItem(let dependency, _) in target.dependencies { need(dependency) }
    for case .plugin(let plugin, _) in target.plugins ?? [] { need(plugin) }
  }
  for name in tests.split(separator: ",") { need(String(name)) }
  package.dependencies = []
  package.products = []
  package.targets.removeAll { !needed.contains($0.name) }
}
