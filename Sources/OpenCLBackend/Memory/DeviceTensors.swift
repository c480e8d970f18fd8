import Backend
import OpenCL

/// Owns a buffer, so that buffers can stand in arrays and be shared.
final class DeviceBuffer {
  private let buffer: Buffer
  let view: BufferView

  init(_ buffer: consuming Buffer) {
    view = buffer.view
    self.buffer = buffer
  }
}

extension OpenCLBackend {
  package final class Vector {
    let count: Int
    let buffer: DeviceBuffer

    init(count: Int, buffer: DeviceBuffer) {
      self.count = count
      self.buffer = buffer
    }
  }

  /// Weights in kernel layouts: in one buffer or, where its rows have several formats, or one buffer would be larger than
  /// the device allows, in several.
  package final class Matrix {
    /// A run of units (panels, rows or strips) in one buffer.
    struct Segment {
      /// Of the rows that have this segment's format, from `firstRow` of the matrix on.
      let layout: WeightLayout
      let firstRow: Int
      /// Units counted through all experts.
      let units: Range<Int>
      let buffer: DeviceBuffer

      /// The first feature of a single expert that it holds, counted through the matrix, and their number.
      var firstFeature: Int { firstRow + units.lowerBound * layout.unitFeatures }
      var features: Int {
        min(units.count * layout.unitFeatures, layout.features - units.lowerBound * layout.unitFeatures)
      }
    }

    let kind: MatrixSource.Kind
    let rows: Int
    let columns: Int
    let expertCount: Int
    let segments: [Segment]

    init(kind: MatrixSource.Kind, rows: Int, columns: Int, expertCount: Int, segments: [Segment]) {
      self.kind = kind
      self.rows = rows
      self.columns = columns
      self.expertCount = expertCount
      self.segments = segments
    }
  }

  /// One layer's experts.
  package final class Experts {
    enum Place {
      /// Of a dense layer: always there.
      case fixed(gateUp: Matrix, down: Matrix, places: DeviceBuffer)
      case stored(ExpertStore, ExpertStore.Layer)
    }

    let gateUp: WeightLayout
    let down: WeightLayout
    let place: Place
    let activation: ExpertActivation
    /// Of all experts, wherever their weights are.
    let biases: (gateUp: DeviceBuffer, down: DeviceBuffer)?

    init(
      gateUp: WeightLayout, down: WeightLayout, place: Place, activation: ExpertActivation,
      biases: (gateUp: DeviceBuffer, down: DeviceBuffer)?
    ) {
      self.gateUp = gateUp
      self.down = down
      self.place = place
      self.activation = activation
      self.biases = biases
    }
  }

  package final class Activation {
    let rows: Int
    let columns: Int
    let buffer: DeviceBuffer
    /// The rows as products take them, once one has wanted them.
    var roundings: [Rounding] = []

    init(rows: Int, columns: Int, buffer: DeviceBuffer) {
      self.rows = rows
      self.columns = columns
      self.buffer = buffer
    }

    /// The rows are others from now on.
    func change() { for index in roundings.indices { roundings[index].rows = 0 } }
  }

  package final class KVCache {
    let shape: KVCacheShape
    let keys: DeviceBuffer
    /// The keys' where the values are a part of them.
    let values: DeviceBuffer
    /// Of the mma style (`Kernels/Attention/pieces.clh`).
    let spoiled: DeviceBuffer?

    init(shape: KVCacheShape, keys: DeviceBuffer, values: DeviceBuffer, spoiled: DeviceBuffer? = nil) {
      self.shape = shape
      self.keys = keys
      self.values = values
      self.spoiled = spoiled
    }
  }

  /// The integers of a `BatchLayout`, one buffer each.
  package final class Batch {
    let tokens: DeviceBuffer
    let positions: DeviceBuffer
    /// Where each row's keys and values go: block · blockSize + place in the block.
    let slots: DeviceBuffer
    /// Rows of one sequence that attend together, as `Attention/layout.clh` has them.
    let tiles: DeviceBuffer
    let tables: DeviceBuffer
    var buffers: [KernelValue.RawBuffer] { [tokens, positions, slots, tiles, tables].map(\.view.object) }
    /// For each count of rows, from 0 on, the attention tiles that begin in them.
    let tileCounts: [Int]
    /// For each count of tiles, from 0 on, the most rows of one, and the most positions that a row of one sees.
    let tallest: [Int]
    let longest: [Int]

    init(
      tokens: DeviceBuffer, positions: DeviceBuffer, slots: DeviceBuffer, tiles: DeviceBuffer, tables: DeviceBuffer,
      tileCounts: [Int], tallest: [Int], longest: [Int]
    ) {
      self.tokens = tokens
      self.positions = positions
      self.slots = slots
      self.tiles = tiles
      self.tables = tables
      self.tileCounts = tileCounts
      self.tallest = tallest
      self.longest = longest
    }
  }

  /// The buffers of `Routing/layout.clh`.
  package final class Routing {
    let rows: Int
    let experts: Int
    let chosen: Int
    let layers: Int
    let indices: DeviceBuffer
    let weights: DeviceBuffer
    let slots: DeviceBuffer
    let tiles: DeviceBuffer
    let loads: DeviceBuffer
    let uses: DeviceBuffer
    /// Under which layer and phase the coming use is counted; nil for none.
    var counted: RouterOptions?
    /// The rows are sorted already, with every expert at its own place.
    var isGrouped = false
    /// Where there is a single expert: so many of the first rows are known to be sent to it, and have the weight 1; and so
    /// many rows were sorted last.
    var single = (rows: 0, unitRows: 0, sortedRows: 0)

    init(
      rows: Int, experts: Int, chosen: Int, layers: Int, indices: DeviceBuffer, weights: DeviceBuffer,
      slots: DeviceBuffer, tiles: DeviceBuffer, loads: DeviceBuffer, uses: DeviceBuffer
    ) {
      self.rows = rows
      self.experts = experts
      self.chosen = chosen
      self.layers = layers
      self.indices = indices
      self.weights = weights
      self.slots = slots
      self.tiles = tiles
      self.loads = loads
      self.uses = uses
    }
  }
}
