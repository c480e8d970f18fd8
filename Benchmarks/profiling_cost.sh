#!/bin/sh
# What profiling costs: decoding with and without `--trace`, in alternating rounds.
#
#   Benchmarks/profiling_cost.sh [DEVICE] [ROUNDS] [TOKENS]
#
# DEVICE is an index of `strata devices` or part of a name. The bundled model decodes TOKENS tokens, which on most devices is bound by
# launches: the worst case. Prints the mean time between tokens, median and best of the rounds, and the ratio of the bests.
# STRATA names the executable, MODEL another model.
set -eu
cd "$(dirname "$0")/.."
device=${1:-0}
rounds=${2:-10}
tokens=${3:-256}
strata=${STRATA:-.build/release/strata}
[ -x "$strata" ] || swift build -c release --product strata
model=${MODEL:-Tests/Fixtures/tiny-moe}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
measure() {
  name=$1
  shift
  "$strata" run --model "$model" --device "$device" --prompt "And it came to pass" --temperature 0 --max-tokens "$tokens" \
    --json "$@" 2>/dev/null | sed -n 's/.*"meanTimeBetweenTokens" : \([0-9.e-]*\).*/\1/p' >>"$work/$name"
}
for round in $(seq "$rounds"); do
  echo "round $round of $rounds" >&2
  measure off
  measure on --trace "$work/trace.json"
done
echo "device: $("$strata" devices | sed -n "s/^$device: //p" | head -1)"
echo "commit: $(git describe --always --dirty), load average: $(cut -d' ' -f1-3 /proc/loadavg)"
python3 - "$work" <<'PYTHON'
import statistics
import sys

off, on = ([float(line) * 1e3 for line in open(f"{sys.argv[1]}/{name}")] for name in ("off", "on"))
for name, values in (("off", off), ("on", on)):
    print(f"profiling {name:4} median {statistics.median(values):.3f} ms between tokens, best {min(values):.3f} ms")
print(f"ratio of the bests {min(on) / min(off):.3f}, of the medians {statistics.median(on) / statistics.median(off):.3f}")
PYTHON
