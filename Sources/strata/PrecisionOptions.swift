import ArgumentParser
import Backend

extension ActivationPrecision: ExpressibleByArgument {
  public init?(argument: String) { self.init(name: argument) }

  public static var allValueStrings: [String] { allNames }
}

/// How exactly products are computed.
struct PrecisionOptions: ParsableArguments {
  @Option(
    help: """
      What activations are rounded to before products: int8 (integers with a scale for each 32 of them) for weights in \
      blocks, bf16 for weights in bf16, int8,bf16 for both; f32: nothing. Default: on CPUs what the device \
      multiplies more quickly than f32, elsewhere f32.
      """)
  var activations: ActivationPrecision?
}
