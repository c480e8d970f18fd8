#!/bin/sh
# Random requests for a long time: arrivals, cancellations, preemptions, engines with one memory after another. Every output
# is compared with that of the same request alone.
#
#   Benchmarks/soak.sh [MINUTES] [DEVICE]
#
# Writes Benchmarks/results/MACHINE/soak.csv, a line every ten seconds, and soak.svg (with matplotlib): memory, OpenCL objects
# and latencies over time. Ends with status 1 if an output is wrong, a request fails, an engine leaves an object behind, or
# memory grows by more than 1 % after the first five minutes. STRATA names the executable, MODEL another model than the bundled.
set -eu
cd "$(dirname "$0")/.."
minutes=${1:-60}
device=${2:-0}
strata=${STRATA:-.build/release/strata}
[ -x "$strata" ] || swift build -c release --product strata

machine=$(Benchmarks/machine.sh "$strata" "$device")
results=Benchmarks/results/$machine
mkdir -p "$results"
# glibc raises the size from which on it takes memory from the system and gives it back, when engines come and go; then resident
# memory tells what it keeps, and not what is used.
MALLOC_MMAP_THRESHOLD_=131072 MALLOC_ARENA_MAX=2 \
  "$strata" bench soak --model "${MODEL:-Tests/Fixtures/tiny-moe}" --device "$device" --seconds "$((minutes * 60))" \
  >"$results/soak.csv"
if python3 -c 'import matplotlib' 2>/dev/null; then
  python3 Benchmarks/plot.py soak "$results/soak.csv" -o "$results/soak.svg"
fi
python3 Benchmarks/soak.py "$results/soak.csv"
