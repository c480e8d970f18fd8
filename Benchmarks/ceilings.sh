#!/bin/sh
# The bandwidth ceilings that `strata profile` measures, against clpeak and a plain C loop on the same device, in one run.
#
#   Benchmarks/ceilings.sh [DEVICE] [ROUNDS]
#
# DEVICE is an index of `strata devices`. Needs clpeak (Debian: clpeak), python3 and a C compiler; the C loop is compared only on
# a CPU device. The three take turns, and the best of each over all rounds counts: on a shared machine what a round gives
# may differ by two. STRATA names the executable, CLPEAK_DEVICE the options that choose clpeak's device (default: -p 0 -d 0).
set -eu
cd "$(dirname "$0")/.."
device=${1:-0}
rounds=${2:-12}
strata=${STRATA:-.build/release/strata}
[ -x "$strata" ] || swift build -c release --product strata
command -v clpeak >/dev/null || { echo "clpeak was not found: apt-get install clpeak" >&2; exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O3 -march=native -pthread Benchmarks/bandwidth.c -o "$work/bandwidth"
for round in $(seq "$rounds"); do
  echo "round $round of $rounds" >&2
  "$strata" profile --ceilings --only memory transfer --device "$device" --json >"$work/strata.$round" 2>/dev/null
  "$work/bandwidth" "$(nproc)" 256 27 >"$work/c.$round"
  # shellcheck disable=SC2086
  clpeak ${CLPEAK_DEVICE:--p 0 -d 0} --global-bandwidth --transfer-bandwidth >"$work/clpeak.$round"
done
echo "commit: $(git describe --always --dirty), load average: $(cut -d' ' -f1-3 /proc/loadavg)"
python3 Benchmarks/ceilings.py "$work" "$("$strata" devices --json | python3 -c "
import json, sys
print(json.load(sys.stdin)['devices'][int('$device')]['kind'])")"
