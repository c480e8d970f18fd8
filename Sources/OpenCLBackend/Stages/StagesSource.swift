import Kernels
import OpenCL

/// The texts of a kernel of stages (`Kernels/Common/stages.clh`): a part for each different stage, which makes a function of
/// its kernel, and one that calls them.
struct StagesSource {
  static let kernelName = "stages"

  let layout: StagesLayout
  /// Of each stage, which of the different ones it is.
  private let functions: [Int]
  private let distinct: [StagesLayout.Stage]

  init(_ layout: StagesLayout) {
    self.layout = layout
    var distinct: [StagesLayout.Stage] = []
    functions = layout.stages.map { stage in
      let known = distinct.firstIndex { $0.key == stage.key && $0.slots.map(\.type) == stage.slots.map(\.type) }
      if known == nil { distinct.append(stage) }
      return known ?? distinct.count - 1
    }
    self.distinct = distinct
  }

  /// - Parameters:
  ///   - source: the whole text of a file below `Kernels/`.
  ///   - part: text and options of a stage's kernel.
  func parts(
    source: (String) throws -> String, part: (KernelKey) throws -> ProgramPart, options: String
  ) throws -> [ProgramPart] {
    let callers = try source("Common/stages.clh") + prototypes + kernel
    let functions = try distinct.enumerated().map { index, stage in
      let kernel = try part(stage.key)
      return ProgramPart(
        source: kernel.source + function(index, stage), options: kernel.options + " -DSTAGE=1", label: kernel.label)
    }
    return functions + [ProgramPart(source: callers, options: options, label: "Kernels/Common/stages.clh")]
  }

  private func head(_ index: Int, _ stage: StagesLayout.Stage) -> String {
    let parameters = stage.slots.enumerated().map { ", \($1.type) a\($0)" }.joined()
    return "void stage_\(index)(int item_x, int item_y, int items_x\(parameters))"
  }

  private func function(_ index: Int, _ stage: StagesLayout.Stage) -> String {
    let arguments = stage.slots.indices.map { ", a\($0)" }.joined()
    let head = head(index, stage)
    return "\(head);\n\(head) { \(stage.key.name.rawValue)(item_x, item_y, items_x\(arguments)); }\n"
  }

  private var prototypes: String {
    distinct.enumerated().map { head($0, $1) + ";\n" }.joined()
  }

  private var kernel: String {
    var parameters = (0..<layout.bufferCount).map { ", __global void *b\($0)" }.joined()
    parameters += layout.stages.indices.map { ", int items_\($0), int width_\($0)" }.joined()
    var body = ""
    for (index, stage) in layout.stages.enumerated() {
      let names = stage.slots.enumerated().map { position, slot in
        if case .buffer(let place) = slot { return "b\(place)" }
        parameters += ", \(slot.type) s\(index)_\(position)"
        return "s\(index)_\(position)"
      }
      if index > 0 { body += "  wait_for_items(DONE(\(index - 1)), items_\(index - 1));\n" }
      body +=
        "  RUN_STAGE(\(index), stage_\(functions[index]), items_\(index), width_\(index), \(names.joined(separator: ", ")))\n"
    }
    return """
      __kernel __attribute__((reqd_work_group_size(1, 1, 1))) void \(Self.kernelName)(
          volatile __global int *progress, int groups\(parameters)) {
      \(body)  leave(progress, \(layout.stages.count));
      }

      """
  }
}
