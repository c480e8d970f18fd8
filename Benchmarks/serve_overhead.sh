#!/bin/sh
# What HTTP costs: the same requests in one process and over HTTP, in turns, 32 at once.
#
#   Benchmarks/serve_overhead.sh [STRATA] [ROUNDS]
#
# Prints the medians of throughput and time to the first token of both, and the difference.
set -eu
strata=$(realpath "${1:-.build/release/strata}")
rounds=${2:-5}
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
model="${MODEL:-Tests/Fixtures/tiny-moe}"
"$strata" serve --model "$model" --port 0 --log-level notice 2>"$folder/log" &
pid=$!
trap 'kill $pid 2>/dev/null || true; rm -rf "$folder"' EXIT
url=""
while [ -z "$url" ]; do
  sleep 0.2
  kill -0 $pid
  url=$(sed -n 's/.* url=\([^ ]*\).*/\1/p' "$folder/log")
done
load="--request-rate 10000 --num-requests 32 --prompt-tokens 64 --output-tokens 64 --json"
for round in $(seq "$rounds"); do
  echo "round $round of $rounds" >&2
  "$strata" bench serve --model "$model" $load --seed "$round" --save "$folder/in.$round" >/dev/null 2>&1
  "$strata" bench serve --url "$url" $load --vocabulary 2048 --seed "$round" --warm-up 4 --save "$folder/http.$round" >/dev/null 2>&1
done
python3 - "$folder" "$rounds" <<'PYTHON'
import json, statistics, sys
folder, rounds = sys.argv[1], int(sys.argv[2])
def median(kind, value):
    return statistics.median(value(json.load(open(f"{folder}/{kind}.{round}"))[0]) for round in range(1, rounds + 1))
for name, unit, value in (
    ("output throughput", "tokens/s", lambda report: report["outputThroughput"]),
    ("duration", "s", lambda report: report["duration"]),
    ("median TTFT", "ms", lambda report: 1000 * report["ttft"]["median"]),
    ("median ITL", "ms", lambda report: 1000 * report["itl"]["median"]),
):
    inside, http = median("in", value), median("http", value)
    print(f"{name:18} in process {inside:9.2f} {unit}, over HTTP {http:9.2f} {unit}: {http - inside:+.2f} ({100 * (http / inside - 1):+.1f} %)")
PYTHON
