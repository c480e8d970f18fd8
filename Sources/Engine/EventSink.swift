/// Where the events of a request go. Both are called on the engine's thread, which must not wait.
package struct EventSink: Sendable {
  let give: @Sendable (GenerationEvent) -> Void
  let end: @Sendable ((any Error)?) -> Void

  /// - Parameters:
  ///   - give: takes each event.
  ///   - end: called behind the last event, or with an error in its place; not for a request that was cancelled.
  package init(
    give: @escaping @Sendable (GenerationEvent) -> Void, end: @escaping @Sendable ((any Error)?) -> Void
  ) {
    self.give = give
    self.end = end
  }
}
