package import Backend

/// A decoder-only model on one backend, run layer by layer: whoever schedules decides which rows pass which layers when.
package protocol LanguageModel<B>: AnyObject {
  associatedtype B: Backend

  var backend: B { get }
  var description: ModelDescription { get }
  /// Bytes of one expert's weights on the device, for each layer; 0 where a layer is dense.
  var expertBytes: [Int] { get }

  /// hidden[r, :] = the embedding of row r's token, for `rows` of the batch.
  func embed(_ batch: B.Batch, rows: Range<Int>, into hidden: B.Activation) throws

  /// Passes the first `rows` rows of `hidden` through layer `index`, in place.
  func runLayer(
    _ index: Int, hidden: B.Activation, batch: B.Batch, rows: Int, phase: Phase, cache: B.KVCache,
    workspace: Workspace<B>) throws

  /// final = the norm behind the last layer, of the first `rows` rows of `hidden`.
  func finalNorm(_ hidden: B.Activation, rows: Int, into final: B.Activation) throws

  /// logits[r, :] = LM head of final[r, :]; [rows, vocabulary].
  func logits(_ final: B.Activation, rows: Int, into logits: B.Activation) throws
}

/// Told while weights are loaded: bytes done, bytes in all.
package typealias LoadProgress = @Sendable (_ done: Int, _ total: Int) -> Void
