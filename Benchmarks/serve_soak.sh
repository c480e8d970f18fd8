#!/bin/sh
# Ten minutes of 200 streaming clients, some of which leave, read slowly or send nonsense.
#
#   Benchmarks/serve_soak.sh [STRATA] [SECONDS] [CLIENTS]
#
# Every answer is compared with the one that the same request got alone. SECONDS and CLIENTS are 600 and 200 by default.
set -eu
strata=$(realpath "${1:-.build/release/strata}")
cd "$(dirname "$0")/.."
log=$(mktemp)
"$strata" serve --model "${MODEL:-Tests/Fixtures/tiny-moe}" --port 0 --max-num-seqs 64 --max-queue 256 \
  --log-level notice 2>"$log" &
pid=$!
trap 'kill $pid 2>/dev/null || true; cat "$log" >&2; rm -f "$log"' EXIT
url=""
while [ -z "$url" ]; do
  sleep 0.2
  kill -0 $pid
  url=$(sed -n 's/.* url=\([^ ]*\).*/\1/p' "$log")
done
python3 Benchmarks/serve_soak.py "$url" $pid "${2:-600}" "${3:-200}"
