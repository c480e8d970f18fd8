import Kernels
import OpenCL

/// The texts of a kernel of stages (`Kernels/Common/stages.clh`): a part for each function, which is a kernel's text and a
/// function that calls it, and one that runs the stages.
struct StagesSource {
  static let kernelName = "stages"
  /// Below `Kernels/`.
  static let path = "Common/stages.clh"

  let functions: [StageFunction]
  /// Buffers that a launch takes.
  let bufferCount: Int

  /// - Parameters:
  ///   - source: the whole text of a file below `Kernels/`.
  ///   - part: text and options of a kernel.
  ///   - options: those of all kernels.
  func parts(
    source: (String) throws -> String, part: (KernelKey) throws -> ProgramPart, options: String
  ) throws -> [ProgramPart] {
    let caller = try source(Self.path) + prototypes + runItems + kernel
    return try functions.enumerated().map { index, function in
      let kernel = try part(function.key)
      return ProgramPart(
        source: kernel.source + definition(index, function), options: kernel.options + " -DSTAGE=1 -w",
        label: kernel.label)
    } + [
      ProgramPart(
        source: caller,
        options: "\(options) -DPROGRESS_LINE=\(Stages.progressLine) -DSTAGE_HEAD=\(StageTable.headWords)",
        label: "Kernels/\(Self.path)")
    ]
  }

  private func head(_ index: Int, _ function: StageFunction) -> String {
    let parameters = function.parameters.enumerated().map { ", \($1.type) a\($0)" }.joined()
    return "void stage_\(index)(int item_x, int item_y, int items_x\(parameters))"
  }

  private func definition(_ index: Int, _ function: StageFunction) -> String {
    let arguments = function.parameters.indices.map { ", a\($0)" }.joined()
    let head = head(index, function)
    return "\(head);\n\(head) { \(function.key.name.rawValue)(item_x, item_y, items_x\(arguments)); }\n"
  }

  private var prototypes: String {
    functions.enumerated().map { head($0, $1) + ";\n" }.joined()
  }

  private var runItems: String {
    let cases = functions.enumerated().map { index, function in
      let arguments = function.parameters.enumerated().map { ", \($1.argument($0))" }.joined()
      return """
            case \(index):
              for (; item < end; item++) stage_\(index)(item % width, item / width, width\(arguments));
              break;

        """
    }
    return """
      static void run_items(
          int function, __global void *const *buffers, __global const int *arguments, int item, int end, int width) {
        switch (function) {
      \(cases.joined())  }
      }

      """
  }

  private var kernel: String {
    let parameters = (0..<bufferCount).map { ", __global void *b\($0)" }.joined()
    let buffers = (0..<bufferCount).map { "b\($0)" }.joined(separator: ", ")
    return """
      __kernel __attribute__((reqd_work_group_size(1, 1, 1))) void \(Self.kernelName)(
          volatile __global int *progress, __global const int *table, int stages, int groups\(parameters)) {
        __global void *const buffers[] = {\(buffers)};
        run_stages(progress, table, stages, groups, buffers);
      }

      """
  }
}
