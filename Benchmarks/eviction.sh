#!/bin/sh
# What stays on a device that holds a part of the experts: the bytes that eviction by distance brings, against LRU's.
#
#   Benchmarks/eviction.sh [DEVICE]
#
# Serves a prompt of 2048 tokens and 64 tokens of decoding with room for about an eighth, a third and a half of the experts of
# the model that offload.sh makes (run that first, or name one as MODEL). Bytes do not depend on the machine's load. STRATA
# names the executable.
set -eu
cd "$(dirname "$0")/.."
device=${1:-0}
strata=${STRATA:-.build/release/strata}
[ -x "$strata" ] || swift build -c release --product strata
work=${TMPDIR:-/tmp}/strata-offload
model=${MODEL:-$work/model}
[ -f "$model/config.json" ] || { echo "$model: no model there; Benchmarks/offload.sh makes one" >&2; exit 1; }

trace=$(mktemp)
trap 'rm -f "$trace"' EXIT
printf 'prompt_tokens,output_tokens,arrival\n2048,64,0\n' >"$trace"
echo "device: $("$strata" devices | sed -n "s/^$device: //p" | head -1), commit: $(git describe --always --dirty)"
printf '%-12s %-14s %16s %16s %9s\n' experts policy 'by distance, GB' 'LRU, GB' ratio
for memory in 430MiB 800MiB 1300MiB; do
  for policy in "chunked --chunk-size 128" "chunked --chunk-size 512" layered; do
    for keep in auto lru; do
      # shellcheck disable=SC2086
      "$strata" bench serve --model "$model" --device "$device" --device-memory "$memory" --expert-cache "$keep" \
        --trace "$trace" --json --policy $policy 2>/dev/null
    done | python3 -c '
import json, sys

decoder, text, found = json.JSONDecoder(), sys.stdin.read().strip(), []
while text:
    entries, end = decoder.raw_decode(text)
    text = text[end:].lstrip()
    found.append(entries[0])
ours, lru = (sum(entry["ledger"]["total"]["hostToDevice"].values()) / 1e9 for entry in found)
ledger = found[0]["ledger"]
share = "{} of {}".format(ledger["slots"], ledger["experts"])
policy = found[0]["policy"]
print(f"{share:12} {policy:14} {ours:16.3f} {lru:16.3f} {ours / lru:9.3f}")'
  done
done
