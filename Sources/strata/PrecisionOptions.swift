import ArgumentParser
import Backend

extension ActivationPrecision: ExpressibleByArgument {}

/// How exactly products are computed.
struct PrecisionOptions: ParsableArguments {
  @Option(
    help: """
      What products with weights in blocks take activations as: int8 (integers with a scale for each 32 of them) or f32. \
      Default: int8 where the device multiplies bytes quickly.
      """)
  var activations: ActivationPrecision?
}
