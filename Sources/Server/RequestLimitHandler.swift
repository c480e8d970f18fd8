import NIOCore
import NIOHTTPTypes

/// Closes a connection whose request does not come in whole in time, or has a body without an end, whoever answers it and whatever
/// is read of it.
final class RequestLimitHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private let seconds: Double
  private let mostBytes: Int
  private var byteCount = 0
  private var deadline: Deadline?

  /// - Parameters:
  ///   - seconds: from a request's head to its end.
  ///   - mostBytes: of a body, far above those that are refused with an answer.
  init(seconds: Double, mostBytes: Int) {
    self.seconds = seconds
    self.mostBytes = mostBytes
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      byteCount = 0
      deadline?.cancel()
      deadline = Deadline(seconds: seconds) { [channel = context.channel] in channel.close(promise: nil) }
    case .body(let buffer):
      byteCount += buffer.readableBytes
      if byteCount > mostBytes { context.close(promise: nil) }
    case .end: stop()
    }
    context.fireChannelRead(data)
  }

  func channelInactive(context: ChannelHandlerContext) {
    stop()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { stop() }

  private func stop() {
    deadline?.cancel()
    deadline = nil
  }
}
