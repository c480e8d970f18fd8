import Foundation
import PackagePlugin

/// Puts every .cl and .clh file of a target into one generated Swift file.
@main
struct EmbedKernels: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    guard let target = target as? any SourceModuleTarget else { return [] }
    let inputs = target.sourceFiles.map(\.url).filter { ["cl", "clh"].contains($0.pathExtension) }
    let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedKernels.swift")
    return [
      .buildCommand(
        displayName: "Embedding \(inputs.count) kernel sources",
        executable: try context.tool(named: "KernelEmbedder").url,
        arguments: [target.directoryURL.path(), output.path()] + inputs.map { $0.path() },
        inputFiles: inputs, outputFiles: [output])
    ]
  }
}
