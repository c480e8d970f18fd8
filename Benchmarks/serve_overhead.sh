#!/bin/sh
# What HTTP costs: the same requests in one process and over HTTP, in turns, 32 clients that each follow their own answers.
#
#   Benchmarks/serve_overhead.sh [STRATA] [ROUNDS]
#
# Prints for throughput the median of the rounds' ratios. To the time to the first token HTTP adds what the client's mean is
# above the engine's own in the same run, which its metrics tell: so whatever else differs between two runs is no matter.
# The model is SmolLM2-135M-Instruct upcycled to 8 experts. MODEL names another, VOCABULARY the number of its tokens. With the bundled
# model of 10 million parameters, MODEL=Tests/Fixtures/tiny-moe VOCABULARY=2048, what a token costs is little more than two system
# calls, and the benchmark itself takes as much of the two cores as the server's side of HTTP.
set -eu
strata=$(realpath "${1:-.build/release/strata}")
rounds=${2:-3}
cd "$(dirname "$0")/.."
model=${MODEL:-$(STRATA=$strata Benchmarks/smollm2_8x.sh q8_0)}
exec env POCL_MAX_PTHREAD_COUNT=2 python3 Benchmarks/serve_overhead.py --strata "$strata" --model "$model" \
  --vocabulary "${VOCABULARY:-40000}" --device "${DEVICE:-0}" --rounds "$rounds"
