#!/bin/sh
# `strata serve` beside llama-server (llama.cpp), and beside itself under other policies: over HTTP, with the same GGUF file,
# the same trace, two threads and as many slots each.
#
#   Benchmarks/serve_peers.sh [--smoke] [--only peers|policies] [--rounds N] [--seconds S] [--slots N] [--rates R,R]
#                             [--trace FILE] [--slo-ttft MS --slo-tbt MS]
#
# The first time it fetches and builds llama.cpp in .peers, and makes SmolLM2-135M-Instruct upcycled to 8 experts of which 2
# in Q8_0, as peers.sh does. All servers are up throughout, one of them has work at a time, in turns; `strata bench serve`
# measures each.
#
# peers finds how much llama-server serves at most (as many clients as slots, one request after the other), gives both servers
# shares of that as rates, Poisson arrivals in an open loop, and says at which both times are compared: the highest rate that
# llama-server keeps up with, where waiting does not grow by more than a twentieth of a second a second. policies serves at 70 %
# of what strata serves at most. Each takes about ten minutes with one round of 60 seconds a rate; --rounds 3 --seconds 120 is
# for figures to be quoted. --smoke does everything once with the bundled model, in seconds.
# Runs go to Benchmarks/results/MACHINE/serve-peers.jsonl, tables to serve-peers.txt. llama.cpp's threads wait for each other in
# loops, so that it slows many times where anything else runs: use a quiet machine.
# STRATA names the executable; MODEL another GGUF file; DEVICE the device (default: 0, an index of `strata devices`).
set -eu
cd "$(dirname "$0")/.."
strata=${STRATA:-.build/release/strata}
device=${DEVICE:-0}
[ -x "$strata" ] || swift build -c release --product strata
case " $* " in
  *" --only policies "*) ;;
  *) Tests/Peers/llama.sh llama-server ;;
esac

case " $* " in
  *" --smoke "*)
    model=.models/tiny-moe.gguf
    mkdir -p .models
    [ -f "$model" ] || "$strata" convert Tests/Fixtures/tiny-moe "$model" --type f32 >&2
    ;;
  *) model=${MODEL:-$(STRATA=$strata Benchmarks/smollm2_8x.sh q8_0)} ;;
esac
machine=$(Benchmarks/machine.sh "$strata" "$device")
results=${RESULTS:-Benchmarks/results/$machine}
mkdir -p "$results"
# Two cores for both, also where there are more.
pin=
[ "$(nproc)" -le 2 ] || pin="taskset -c 0,1"
# shellcheck disable=SC2086
exec env POCL_MAX_PTHREAD_COUNT=2 $pin python3 Benchmarks/serve_peers.py --strata "$strata" --device "$device" \
  --llama .peers/llama-build/bin/llama-server --model "$model" --results "$results" "$@"
