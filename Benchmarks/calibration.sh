#!/bin/sh
# How well a calibrated profile predicts: single requests, measured and simulated, in one run.
#
#   Benchmarks/calibration.sh [DEVICE] [ROUNDS]
#
# Each round calibrates, serves one request of each length alone, and simulates the same; the medians are printed with the
# error. The model has random weights (8 layers, 64 experts of which a token meets 8, hidden size 512; 0.8 GB, in $TMPDIR), its
# experts' coverage is measured. STRATA names the executable, MODEL an existing model.
set -eu
cd "$(dirname "$0")/.."
device=${1:-0}
rounds=${2:-3}
strata=${STRATA:-.build/release/strata}
[ -x "$strata" ] || swift build -c release --product strata
model=${MODEL:-${TMPDIR:-/tmp}/strata-calibration-model}
[ -f "$model/config.json" ] ||
  python3 Benchmarks/random_model.py "$model" --layers 8 --hidden 512 --intermediate 512 --experts 64

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 Benchmarks/coverage.py "$strata" "$model" --device "$device" --tokens 2048 --prompts 1 \
  >"$work/coverage.json" 2>/dev/null
for round in $(seq "$rounds"); do
  echo "round $round of $rounds" >&2
  "$strata" simulate --model "$model" --calibrate --device "$device" --save-profile "$work/profile.json" \
    >"$work/profile.$round.txt" 2>/dev/null
  for lengths in 64,32 512,32 2048,32; do
    printf 'prompt_tokens,output_tokens\n%s\n' "$lengths" >"$work/trace.csv"
    load="--trace $work/trace.csv --request-rate 1 --num-requests 1 --policy layered --layer-groups 1 --json"
    # shellcheck disable=SC2086
    "$strata" bench serve --model "$model" --device "$device" $load >"$work/$lengths.$round.measured" 2>/dev/null
    # shellcheck disable=SC2086
    "$strata" simulate --model "$model" --profile "$work/profile.json" --coverage "$work/coverage.json" $load \
      >"$work/$lengths.$round.predicted"
  done
done
echo "device: $("$strata" devices | sed -n "s/^$device: //p" | head -1)"
echo "commit: $(git describe --always --dirty), load average: $(cut -d' ' -f1-3 /proc/loadavg)"
cat "$work/profile.$rounds.txt"
echo
python3 - "$work" "$rounds" <<'PYTHON'
import json
import statistics
import sys

folder, rounds = sys.argv[1], int(sys.argv[2])


def read(lengths, kind, key):
    return [json.load(open(f"{folder}/{lengths}.{r}.{kind}"))[0][key]["mean"] * 1e3 for r in range(1, rounds + 1)]


print(f"medians of {rounds} rounds, ms")
print(f"{'prompt tokens':13} {'TTFT':>9} {'predicted':>9} {'off %':>6}   {'TBT':>8} {'predicted':>9} {'off %':>6}")
for lengths in ("64,32", "512,32", "2048,32"):
    line = f"{lengths.split(',')[0]:13}"
    for key in ("ttft", "itl"):
        measured, predicted = (statistics.median(read(lengths, kind, key)) for kind in ("measured", "predicted"))
        line += f" {measured:9.2f} {predicted:9.2f} {100 * (predicted / measured - 1):+6.1f}  "
    print(line.rstrip())
PYTHON
