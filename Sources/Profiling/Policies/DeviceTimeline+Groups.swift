extension DeviceTimeline {
  /// The time during which prompts pass one group of layers.
  package struct GroupSpan: Sendable, Equatable {
    package var group: Range<Int>
    package var start: Double
    package var seconds: Double
  }

  /// From the first to the last kernel of each stretch of kernels of the same group; those of no group lie between.
  package var groupSpans: [GroupSpan] {
    var spans: [GroupSpan] = []
    var isOpen = false
    var lastLayer = -1
    for slice in slices where slice.row == .kernels {
      guard let group = slice.group, let layer = slice.layer else { continue }
      // A group that begins anew is another iteration.
      let goesOn = isOpen && spans.last?.group == group && layer >= lastLayer
      if goesOn {
        spans[spans.count - 1].seconds = slice.start + slice.seconds - spans[spans.count - 1].start
      } else {
        spans.append(GroupSpan(group: group, start: slice.start, seconds: slice.seconds))
        isOpen = true
      }
      lastLayer = layer
    }
    return spans
  }
}
