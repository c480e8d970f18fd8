import Backend
import Checkpoints
import Models
import OpenCL
import OpenCLBackend
import Scheduling

/// How a device's memory is divided for a model, in bytes: known before anything is loaded.
package struct MemoryPlan: Sendable, Equatable, Encodable {
  /// What may be used; nil where the device does not tell.
  package var budget: Int?
  /// What every token meets: attention, routers, dense layers, embedding, head, and the table of rotary positions.
  package var dense: Int
  package var cache: Int
  /// Hidden states, carry, the workspace of a layer, logits: at most.
  package var activations: Int
  /// All experts, and one of each size that there is.
  package var experts: Int
  package var leastExperts: Int
  /// Of `experts`, what is of use on the device.
  package var usefulExperts: Int
  package var expertCount: Int
  /// Layers whose experts are to stay in host memory.
  package var hostLayers: Int

  package var weights: Int { dense + experts }
  /// What is needed if all experts are on the device.
  package var total: Int { dense + cache + activations + experts }
  /// What is needed with room for one expert.
  package var smallest: Int { dense + cache + activations + leastExperts }
  /// Whether every expert has a place of its own.
  package var fitsAll: Bool { hostLayers == 0 && budget.map { total <= $0 } ?? true }
  /// Bytes for experts on the device.
  package var expertsOnDevice: Int {
    budget.map { min(usefulExperts, max(0, $0 - dense - cache - activations)) } ?? usefulExperts
  }

  init(_ files: ModelFiles, _ options: EngineOptions, _ sizes: WeightSizes) {
    let model = files.description
    let blocks = Engine.blocks(options)
    let rotary = min(blocks * Engine.blockSize, model.maxPositions) * model.rotaryColumns * 4
    dense = sizes.dense + rotary
    experts = sizes.experts
    leastExperts = sizes.leastExperts
    expertCount = model.isSparse.count(where: \.self) * model.expertCount
    cache = Engine.cacheBytes(model, options, blocks: blocks) * model.layerCount
    let rows = Engine.mostRows(files, options)
    activations =
      Engine.activationBytes(model, options, rows: rows) + Engine.roundingBytes(files, options, rows: rows)
      + (options.devicePlan?.stageBytes ?? 0)
    hostLayers = min(options.experts.hostLayers, model.layerCount)
    usefulExperts = sizes.usefulExperts(hostLayers: hostLayers)
    budget = options.memoryBudget
  }

  /// - Throws: `EngineError` for a budget that is more than the device has, or less than the smallest that could work.
  package func check(_ options: EngineOptions) throws(EngineError) {
    do {
      if let asked = options.activations { try options.devicePlan?.check(asked) }
    } catch {
      throw EngineError(error.description)
    }
    guard case .openCL(let device) = options.device, let budget else { return }
    if device.globalMemory > 0, budget > device.globalMemory {
      throw EngineError(
        "device-memory is \(readable(budget)), but device \"\(device.name)\" has \(readable(device.globalMemory))")
    }
    guard budget >= smallest else {
      throw EngineError(
        "device \"\(device.name)\" has too little memory: \(readable(smallest)) (\(smallest) bytes) are needed at least "
          + "(weights other than experts \(readable(dense)), KV cache \(readable(cache)), activations "
          + "\(readable(activations)), one expert \(readable(leastExperts))), but \(readable(budget)) may be used")
    }
  }

  /// For a person, one line a part.
  package var lines: [String] {
    func line(_ name: String, _ bytes: Int, _ note: String = "") -> String {
      let padded = name.padding(26)
      return "  \(padded)\(readable(bytes).padding(12))\(note)"
    }
    var lines: [String] = []
    if let budget { lines.append(line("budget", budget)) }
    lines.append(line("weights but experts", dense))
    lines.append(line("KV cache", cache))
    lines.append(line("activations, at most", activations))
    let share = experts > 0 ? Double(expertsOnDevice) / Double(experts) : 1
    lines.append(
      line(
        "experts on the device", expertsOnDevice,
        fitsAll
          ? "all \(expertCount)"
          : "at least \(Int(share * Double(expertCount))) of \(expertCount), \(readable(experts)) in all"))
    if hostLayers > 0 { lines.append("  layers 0 to \(hostLayers - 1) keep no expert there") }
    if let budget { lines.append(line("free", max(0, budget - dense - cache - activations - expertsOnDevice))) }
    return lines
  }
}

extension String {
  fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
