#!/bin/sh
# What HTTP costs: the same requests in one process and over HTTP, in turns, 32 clients that each follow their own answers.
#
#   Benchmarks/serve_overhead.sh [STRATA] [ROUNDS]
#
# Prints for throughput the median of the rounds' ratios. To the time to the first token HTTP adds what the client's mean is
# above the engine's own in the same run, which its metrics tell: so whatever else differs between two runs is no matter.
# MODEL names another model than the bundled one, which is so small that HTTP weighs more than it ever will; VOCABULARY the number
# of its tokens.
set -eu
strata=$(realpath "${1:-.build/release/strata}")
rounds=${2:-5}
cd "$(dirname "$0")/.."
exec python3 Benchmarks/serve_overhead.py --strata "$strata" --model "${MODEL:-Tests/Fixtures/tiny-moe}" \
  --vocabulary "${VOCABULARY:-2048}" --device "${DEVICE:-0}" --rounds "$rounds"
