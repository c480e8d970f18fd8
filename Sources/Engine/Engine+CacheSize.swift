import Backend
import Foundation
import Models
import OpenCL
import OpenCLBackend

extension Engine {
  /// The share of the memory that is left beside weights and activations that the KV cache takes at most.
  package static let cacheShare = 0.8

  /// The same where the experts do not all fit, of what is left beside the other weights and activations.
  private static let streamingCacheShare = 0.25

  /// Positions that `cacheShare` of the free memory holds, and the largest buffer of the device; `least`, if there is room
  /// for one expert beside them.
  package static func cachePositionsThatFit(_ files: ModelFiles, _ options: EngineOptions, least: Int) -> Int {
    let one = cacheBytes(files.description, options, blocks: 1)
    let plan = memoryPlan(files, options)
    let memory = plan.budget ?? Int(clamping: ProcessInfo.processInfo.physicalMemory)
    var blocks = Int.max
    if case .openCL(let device) = options.device {
      // Keys and values have a buffer each.
      blocks = device.maxAllocation / max(one / 2, 1)
    }
    let beside = memory - plan.dense - plan.activations
    // Where the experts do not fit, they get most of what there is.
    let free =
      Double(beside - plan.experts) * cacheShare > Double(one * files.description.layerCount)
      ? Double(beside - plan.experts) * cacheShare : Double(beside) * streamingCacheShare
    let share = Int(max(0, free)) / max(one * files.description.layerCount, 1)
    var longest = options
    longest.cachePositions = least
    let needed = memoryPlan(files, longest).smallest <= memory ? Self.blocks(longest) : 1
    blocks = min(blocks, max(share, needed))
    return max(blocks, 1) * blockSize
  }
}
